-- The indexes of one day by name, and whether each is complete: a CREATE INDEX CONCURRENTLY that failed leaves half of one.
SELECT
    relation.relname AS name,
    index.indisvalid AS complete
FROM pg_index AS index
INNER JOIN pg_class AS relation ON relation.oid = index.indexrelid
WHERE index.indrelid = to_regclass(%(day)s)
