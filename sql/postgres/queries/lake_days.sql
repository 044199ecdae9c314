-- The UTC days of arrival that the lake has: retention drops the others.
SELECT to_date(right(relation.relname, 8), 'YYYYMMDD') AS day
FROM pg_inherits AS child
INNER JOIN pg_class AS relation ON child.inhrelid = relation.oid
WHERE child.inhparent = 'raw.trip_event'::regclass
