-- Up to where a benchmark has filled a partition of the lake.
INSERT INTO raw.consumer_offset (topic, kafka_partition, next_offset) VALUES (%s, %s, %s)
ON CONFLICT (topic, kafka_partition) DO UPDATE SET next_offset = excluded.next_offset;
