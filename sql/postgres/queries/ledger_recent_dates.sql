-- Service dates that closed windows touched since a moment, or ever; those of the newest closed window in any case.
SELECT DISTINCT service_day.service_date
FROM control.load_service_day AS service_day
INNER JOIN control.load ON service_day.load_id = load.load_id
WHERE
    load.target = %(target)s
    AND load.state = 'reconciled'
    AND (
        %(since)s::timestamptz IS NULL
        OR load.changed_at >= %(since)s
        OR load.sequence = (
            SELECT max(newest.sequence)
            FROM control.load AS newest
            WHERE newest.target = %(target)s AND newest.state = 'reconciled'
        )
    )
ORDER BY service_day.service_date
