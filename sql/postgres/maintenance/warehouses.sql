-- The warehouses that need the lake: those that load, and those that are ready to; not those that stay at a time of the past.
SELECT count(*)
FROM (
    SELECT target FROM control.load
    UNION
    SELECT target FROM control.warehouse_schema
    EXCEPT
    SELECT target FROM control.snapshot
) AS warehouse
