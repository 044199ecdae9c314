-- Trips and revenue by month of the local service date.
SELECT
  dates.year_month,
  dates.month_name,
  dates.year,
  COUNTIF(trips.is_completed) AS trips,
  SUM(trips.revenue) AS revenue
FROM `{gold}.fact_trip` AS trips
JOIN `{gold}.dim_date` AS dates ON dates.date_key = trips.date_key
GROUP BY dates.year_month, dates.month_name, dates.year
ORDER BY dates.year_month
