-- One service date from all that has landed: late, repeated and corrected events count as lake.trip counts them.
INSERT INTO lake.trip_hour (
    service_date, hour, pickup_area, currency, trips, completed, cancelled, voided, revenue, tip, distance_metres,
    duration_seconds
)
SELECT
    service_date,
    date_trunc('hour', coalesce(reserved_at, on_scene_at, started_at, stopped_at, ended_at), 'UTC') AS hour,
    pickup_area,
    currency,
    count(*) AS trips,
    count(*) FILTER (WHERE outcome = 'completed') AS completed,
    count(*) FILTER (WHERE starts_with(outcome, 'cancelled')) AS cancelled,
    count(*) FILTER (WHERE outcome = 'voided') AS voided,
    sum(revenue) AS revenue,
    coalesce(sum(tip) FILTER (WHERE outcome = 'completed'), 0) AS tip,
    coalesce(sum(distance_metres) FILTER (WHERE outcome = 'completed'), 0) AS distance_metres,
    coalesce(sum(duration_seconds) FILTER (WHERE outcome = 'completed'), 0) AS duration_seconds
FROM lake.trip
WHERE service_date = %(service_date)s
GROUP BY 1, 2, 3, 4
