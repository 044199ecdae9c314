-- The partitions of a day that the roll-ups have not read to its end.
SELECT
    held.topic,
    held.kafka_partition,
    max(held.kafka_offset) AS highest
FROM {day} AS held
LEFT JOIN control.roll_up_offset AS done
    ON done.topic = held.topic AND done.kafka_partition = held.kafka_partition
GROUP BY held.topic, held.kafka_partition
HAVING max(held.kafka_offset) >= coalesce(max(done.next_offset), 0)
ORDER BY held.topic, held.kafka_partition
