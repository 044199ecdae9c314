CREATE OR REPLACE VIEW `{gold}.daily_trips`
OPTIONS (description = 'One row per service date: trips, completed trips, revenue, miles and averages.')
AS
SELECT
  service_date,
  date_key,
  COUNT(*) AS trips,
  COUNTIF(is_completed) AS completed_trips,
  SUM(revenue) AS revenue,
  SUM(distance_miles) AS miles,
  ROUND(SAFE_DIVIDE(SUM(revenue), COUNTIF(is_completed)), 2) AS revenue_per_completed_trip
FROM `{gold}.fact_trip`
GROUP BY service_date, date_key;
