CREATE TABLE IF NOT EXISTS `{bronze}.rejected_event` (
  arrived_on DATE NOT NULL OPTIONS (description = 'UTC day of arrived_at; the partition.'),
  reason STRING NOT NULL OPTIONS (description = 'Why the event breaks the contract: a RejectionReason.'),
  field STRING NOT NULL OPTIONS (description = 'JSON path of the field that breaks it; never its value.'),
  payload STRING NOT NULL OPTIONS (description = 'The event as the lake holds it, as JSON text.'),
  arrived_at TIMESTAMP NOT NULL OPTIONS (description = 'When the broker received the event.'),
  kafka_topic STRING NOT NULL OPTIONS (description = 'Topic of the event.'),
  kafka_partition INT64 NOT NULL OPTIONS (description = 'Partition of the event.'),
  kafka_offset INT64 NOT NULL OPTIONS (description = 'Offset of the event in its partition.')
)
PARTITION BY arrived_on
CLUSTER BY reason
OPTIONS (description = 'One row per event of the lake that breaks the contract. Nothing is dropped.');
