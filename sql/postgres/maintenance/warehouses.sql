SELECT count(*)
FROM (
    (
        SELECT target FROM control.load
        UNION
        SELECT target FROM control.warehouse_schema
    )
    EXCEPT
    SELECT target FROM control.snapshot
) AS warehouse
