-- Comments that 0005 left out.

COMMENT ON COLUMN control.restatement.restatement_id IS 'Order in which they were asked for.';
COMMENT ON COLUMN control.restatement.kind IS 'backfill, rebuild_silver, rebuild_gold or replay_rejected.';
COMMENT ON COLUMN control.restatement.started_at IS 'When it was asked for.';
COMMENT ON COLUMN control.restatement.changed_at IS 'When a part of it was complete last.';
COMMENT ON COLUMN control.replayed_event.target IS 'project.dataset_prefix of the warehouse.';
COMMENT ON COLUMN control.replayed_event.topic IS 'Kafka topic.';
COMMENT ON COLUMN control.replayed_event.kafka_partition IS 'Partition of the topic, from 0.';
COMMENT ON COLUMN control.replayed_event.kafka_offset IS 'Offset in the partition, from 0.';
COMMENT ON COLUMN control.replayed_event.restatement_id IS 'The replay that moved it.';
COMMENT ON COLUMN control.replayed_event.replayed_at IS 'When it was moved.';
