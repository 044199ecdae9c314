INSERT INTO control.roll_up_offset (topic, kafka_partition, next_offset)
VALUES (%(topic)s, %(partition)s, %(to_offset)s)
ON CONFLICT (topic, kafka_partition) DO UPDATE SET next_offset = EXCLUDED.next_offset, rolled_up_at = now()
