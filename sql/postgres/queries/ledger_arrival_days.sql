-- Events of closed windows by UTC day of arrival, from a day on.
SELECT
    arrival_day.arrived_on,
    sum(arrival_day.accepted)::bigint AS accepted,
    sum(arrival_day.rejected)::bigint AS rejected
FROM control.load_arrival_day AS arrival_day
INNER JOIN control.load ON arrival_day.load_id = load.load_id
WHERE
    load.target = %(target)s
    AND load.state = 'reconciled'
    AND (%(since)s::date IS NULL OR arrival_day.arrived_on >= %(since)s)
GROUP BY arrival_day.arrived_on
ORDER BY arrival_day.arrived_on
