-- The partitions of rejected events that there are. Reads the partition column alone.
SELECT DISTINCT arrived_on AS day
FROM `{bronze}.rejected_event`
ORDER BY day;
