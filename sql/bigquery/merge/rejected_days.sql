-- The partitions of rejected events that the window touches.
SELECT DISTINCT DATE(arrived_at) AS day
FROM `{staging_rejected}`
ORDER BY day;
