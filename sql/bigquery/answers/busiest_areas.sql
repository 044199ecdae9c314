-- The ten community areas where most trips begin.
SELECT
  zones.zone_name,
  zones.side,
  COUNTIF(trips.is_completed) AS trips,
  SUM(trips.revenue) AS revenue
FROM `{gold}.fact_trip` AS trips
JOIN `{gold}.dim_zone` AS zones ON zones.zone_key = trips.pickup_zone_key
GROUP BY zones.zone_name, zones.side
ORDER BY trips DESC, zones.zone_name
LIMIT 10
