-- Up to where each partition stands in the lake, and the lowest offset that landed: NULL when none did.
SELECT
    consumed.topic,
    consumed.kafka_partition,
    consumed.next_offset,
    (
        SELECT min(landed.kafka_offset)
        FROM raw.trip_event AS landed
        WHERE landed.topic = consumed.topic AND landed.kafka_partition = consumed.kafka_partition
    ) AS lowest_offset
FROM raw.consumer_offset AS consumed
ORDER BY consumed.topic, consumed.kafka_partition
