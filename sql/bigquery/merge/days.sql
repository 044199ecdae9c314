-- The partitions that the window touches.
SELECT DISTINCT service_date AS day
FROM `{staging_event}`
ORDER BY day;
