CREATE OR REPLACE VIEW `{gold}.public_zone_hour` (
  service_date OPTIONS (description = 'Local day on which the trips were reserved.'),
  hour_key OPTIONS (description = 'Local hour in which they were reserved: dim_hour.'),
  zone_key OPTIONS (description = 'Where the rides began: dim_zone.'),
  trips OPTIONS (description = 'Trips, whatever became of them; NULL when fewer than 10, none included.'),
  revenue OPTIONS (description = 'Sum of the revenue of completed trips, major units; NULL when these are fewer than 10.')
)
OPTIONS (description = 'One row per day with trips, hour and area: what may be published. k-anonymous with k = 10 as MDS has it; where there was nobody there is a row too, which says no more than the others.')
AS
SELECT
  days.service_date,
  hours.hour_key,
  zones.zone_key,
  IF(counted.trips >= 10, counted.trips, NULL) AS trips,
  IF(counted.completed >= 10, counted.revenue, NULL) AS revenue
FROM (SELECT DISTINCT service_date FROM `{gold}.agg_zone_hour`) AS days
CROSS JOIN `{gold}.dim_hour` AS hours
CROSS JOIN `{gold}.dim_zone` AS zones
LEFT JOIN `{gold}.agg_zone_hour` AS counted
  ON
    days.service_date = counted.service_date
    AND hours.hour_key = counted.hour_key
    AND zones.zone_key = counted.zone_key;
