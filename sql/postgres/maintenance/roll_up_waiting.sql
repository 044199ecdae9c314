-- The offsets that have landed since the last roll-up.
SELECT
    consumed.topic,
    consumed.kafka_partition,
    coalesce(done.next_offset, 0) AS from_offset,
    consumed.next_offset AS to_offset
FROM raw.consumer_offset AS consumed
LEFT JOIN control.roll_up_offset AS done
    ON done.topic = consumed.topic AND done.kafka_partition = consumed.kafka_partition
WHERE consumed.next_offset > coalesce(done.next_offset, 0)
ORDER BY consumed.topic, consumed.kafka_partition
