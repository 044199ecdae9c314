CREATE OR REPLACE VIEW `{gold}.daily_trips` (
  service_date OPTIONS (description = 'Local day on which the trips were reserved.'),
  date_key OPTIONS (description = 'service_date as yyyymmdd: dim_date.'),
  trips OPTIONS (description = 'Trips, whatever became of them.'),
  completed_trips OPTIONS (description = 'Completed trips that were not voided.'),
  revenue OPTIONS (description = 'Sum of the revenue of completed trips, major units.'),
  miles OPTIONS (description = 'Sum of the miles driven.'),
  revenue_per_completed_trip OPTIONS (description = 'revenue by completed_trips, major units, to the hundredth; NULL without any.')
)
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
