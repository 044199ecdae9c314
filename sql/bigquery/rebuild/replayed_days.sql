-- The partitions of rejected events that replayed events leave.
SELECT DISTINCT DATE(arrived_at) AS day
FROM `{staging_event}`
ORDER BY day;
