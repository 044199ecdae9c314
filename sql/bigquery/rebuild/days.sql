-- The partitions that a table has. Reads the partition column alone.
SELECT DISTINCT service_date AS day
FROM `{table}`
ORDER BY day;
