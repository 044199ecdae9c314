-- The coordinates of the events that pass now.
SELECT kafka_topic, kafka_partition, kafka_offset
FROM `{staging_event}`
ORDER BY kafka_topic, kafka_partition, kafka_offset;
