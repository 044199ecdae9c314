-- How far a contender is: bytes of its table, and how many of its transactions are not committed yet.
SELECT
    (
        SELECT coalesce(sum(pg_relation_size(oid)), 0)::bigint
        FROM pg_class
        WHERE relkind = 'r' AND relname LIKE 'trip\_event%'
    ) AS table_bytes,
    (
        SELECT count(*)
        FROM pg_stat_activity
        WHERE datname = current_database() AND backend_type = 'client backend' AND backend_xid IS NOT NULL
    ) AS writing;
