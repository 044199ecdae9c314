INSERT INTO raw.dead_letter (
    topic, kafka_partition, kafka_offset, arrived_at, reason, error, message_key, message_value, headers
)
VALUES (
    %(topic)s, %(partition)s, %(offset)s, %(arrived_at)s, %(reason)s, %(error)s, %(key)s, %(value)s, %(headers)s
);
