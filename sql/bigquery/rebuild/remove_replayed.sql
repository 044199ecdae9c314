-- Events that the contract lets pass now are rejected no more; they stand in silver and gold already.
MERGE `{bronze}.rejected_event` AS target
USING (
  SELECT DISTINCT DATE(arrived_at) AS arrived_on, kafka_topic, kafka_partition, kafka_offset
  FROM `{staging_event}`
) AS source
ON
  {bounds target.arrived_on}
  AND target.arrived_on = source.arrived_on
  AND target.kafka_topic = source.kafka_topic
  AND target.kafka_partition = source.kafka_partition
  AND target.kafka_offset = source.kafka_offset
WHEN MATCHED THEN
  DELETE;
