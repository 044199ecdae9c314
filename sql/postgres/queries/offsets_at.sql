-- Where each partition of the lake stood at a moment, by the arrival of its events; NULL means now.
SELECT
    consumed.topic,
    consumed.kafka_partition,
    coalesce(
        (
            SELECT min(later.kafka_offset)
            FROM raw.trip_event AS later
            WHERE
                later.topic = consumed.topic
                AND later.kafka_partition = consumed.kafka_partition
                AND later.arrived_at > %(moment)s::timestamptz
        ),
        consumed.next_offset
    ) AS end_offset
FROM raw.consumer_offset AS consumed
ORDER BY consumed.topic, consumed.kafka_partition
