-- Events of closed windows by service date; what silver held of it when the newest of them was closed.
SELECT
    service_day.service_date,
    sum(service_day.accepted)::bigint AS accepted,
    sum(service_day.duplicates)::bigint AS duplicates,
    (array_agg(service_day.events ORDER BY load.sequence DESC))[1] AS events,
    (array_agg(service_day.fare_minor_units ORDER BY load.sequence DESC))[1] AS fare_minor_units,
    (array_agg(service_day.trips ORDER BY load.sequence DESC))[1] AS trips,
    (array_agg(service_day.revenue_minor_units ORDER BY load.sequence DESC))[1] AS revenue_minor_units
FROM control.load_service_day AS service_day
INNER JOIN control.load ON service_day.load_id = load.load_id
WHERE load.target = %(target)s AND load.state = 'reconciled' AND service_day.service_date = any(%(days)s)
GROUP BY service_day.service_date
ORDER BY service_day.service_date
