-- What silver holds of a service date now, in all windows that brought some of it.
UPDATE control.load_service_day AS service_day
SET
    events = %(events)s,
    fare_minor_units = %(fare_minor_units)s,
    trips = %(trips)s,
    revenue_minor_units = %(revenue_minor_units)s
FROM control.load
WHERE
    service_day.load_id = load.load_id
    AND load.target = %(target)s
    AND service_day.service_date = %(service_date)s
