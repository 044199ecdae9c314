-- Rows, and messages that they stand for: the same number when nothing landed twice.
SELECT coalesce(sum(copies), 0)::bigint AS landed, count(*) AS coordinates
FROM (SELECT count(*) AS copies FROM {table} GROUP BY {partition}, {offset}) AS coordinate;
