-- What changes whenever a window of the target does; since when one is open, and which closed with a difference.
SELECT
    max(load.sequence) AS newest,
    max(load.changed_at) AS changed_at,
    min(load.planned_at) FILTER (WHERE load.state <> 'reconciled') AS open_since,
    coalesce(
        array_agg(load.load_id ORDER BY load.sequence) FILTER (WHERE EXISTS (
            SELECT FROM control.reconciliation AS found
            WHERE found.load_id = load.load_id AND found.source_value <> found.target_value
        )),
        '{}'
    ) AS apart
FROM control.load
WHERE load.target = %(target)s
