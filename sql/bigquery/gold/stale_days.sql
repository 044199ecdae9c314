-- The partitions in which trips carry a version of their vehicle that dim_vehicle has no more, or not yet.
SELECT DISTINCT service_date AS day
FROM `{silver}.stale_vehicle_day`
ORDER BY day;
