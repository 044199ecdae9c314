-- The first consumer to see a partition says where it begins; every later one keeps what is there.
INSERT INTO raw.consumer_offset (topic, kafka_partition, next_offset)
VALUES (%(topic)s, %(partition)s, %(low)s)
ON CONFLICT (topic, kafka_partition) DO NOTHING;
