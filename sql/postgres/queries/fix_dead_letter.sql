-- A letter may be fixed again as long as no replay of it was begun: what was published stays known.
INSERT INTO raw.dead_letter_fix (
    topic, kafka_partition, kafka_offset, fixed_by, method, message_key, message_value
)
VALUES (%(topic)s, %(partition)s, %(offset)s, %(by)s, %(method)s, %(key)s, %(value)s)
ON CONFLICT (topic, kafka_partition, kafka_offset) DO UPDATE
SET
    fixed_at = now(),
    fixed_by = excluded.fixed_by,
    method = excluded.method,
    message_key = excluded.message_key,
    message_value = excluded.message_value
WHERE NOT EXISTS (
    SELECT FROM raw.dead_letter_replay AS replay
    WHERE
        replay.topic = excluded.topic
        AND replay.kafka_partition = excluded.kafka_partition
        AND replay.kafka_offset = excluded.kafka_offset
)
