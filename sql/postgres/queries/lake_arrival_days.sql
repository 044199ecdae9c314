-- Events of loaded windows that the lake has, by UTC day of arrival, from a day on.
SELECT
    (event.arrived_at AT TIME ZONE 'UTC')::date AS day,
    count(*) AS landed
FROM raw.trip_event AS event
INNER JOIN (
    SELECT ranges.topic, ranges.kafka_partition, max(ranges.to_offset) AS to_offset
    FROM control.load_range AS ranges
    INNER JOIN control.load ON ranges.load_id = load.load_id
    WHERE ranges.target = %(target)s AND load.state = 'reconciled'
    GROUP BY ranges.topic, ranges.kafka_partition
) AS loaded
    ON event.topic = loaded.topic
    AND event.kafka_partition = loaded.kafka_partition
    AND event.kafka_offset < loaded.to_offset
WHERE %(since)s::date IS NULL OR event.arrived_at >= %(since)s::date::timestamp AT TIME ZONE 'UTC'
GROUP BY day
