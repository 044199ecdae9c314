-- The days of raw.trip_event: attached, on their way out, or left outside by a run that ended too early.
SELECT
    to_date(right(relation.relname, 8), 'YYYYMMDD') AS day,
    relation.relname AS name,
    child.inhrelid IS NOT NULL AS attached,
    coalesce(child.inhdetachpending, false) AS detaching
FROM pg_class AS relation
LEFT JOIN pg_inherits AS child ON child.inhrelid = relation.oid
WHERE
    relation.relnamespace = 'raw'::regnamespace
    AND relation.relkind = 'r'
    AND relation.relname ~ '^trip_event_[0-9]{8}$'
ORDER BY day
