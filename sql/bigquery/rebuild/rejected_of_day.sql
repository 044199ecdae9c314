-- The rejected events of some days: where the lake has each, and why it was rejected.
SELECT kafka_topic, kafka_partition, kafka_offset, reason, field
FROM `{bronze}.rejected_event`
WHERE {bounds arrived_on}
ORDER BY kafka_topic, kafka_partition, kafka_offset;
