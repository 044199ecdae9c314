-- Coordinates of all rejected events.
SELECT kafka_topic, kafka_partition, kafka_offset
FROM `{bronze}.rejected_event`;
