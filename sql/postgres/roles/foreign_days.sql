-- raw.trip_event and its days, as far as they belong to somebody else than the role of maintenance.
SELECT relname
FROM pg_class
WHERE
    relnamespace = 'raw'::regnamespace
    AND relkind IN ('r', 'p')
    AND relname ~ '^trip_event(_[0-9]{8})?$'
    AND relowner <> %(role)s::regrole
ORDER BY relname
