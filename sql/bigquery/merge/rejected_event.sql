-- Rejected events, each once by its coordinates.
MERGE `{bronze}.rejected_event` AS target
USING (
  SELECT DATE(arrived_at) AS arrived_on, staged.*
  FROM `{staging_rejected}` AS staged
) AS source
ON
  {bounds target.arrived_on}
  AND target.arrived_on = source.arrived_on
  AND target.kafka_topic = source.kafka_topic
  AND target.kafka_partition = source.kafka_partition
  AND target.kafka_offset = source.kafka_offset
WHEN NOT MATCHED THEN
  INSERT (arrived_on, reason, field, payload, arrived_at, kafka_topic, kafka_partition, kafka_offset)
  VALUES (
    source.arrived_on, source.reason, source.field, source.payload, source.arrived_at,
    source.kafka_topic, source.kafka_partition, source.kafka_offset
  );
