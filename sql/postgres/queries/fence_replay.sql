-- The fence of replays: one row for each dead letter, written by the replay that lands first. No row: another has.
INSERT INTO raw.dead_letter_landing (topic, kafka_partition, kafka_offset, to_topic, to_partition, to_offset)
VALUES (%(topic)s, %(partition)s, %(offset)s, %(to_topic)s, %(to_partition)s, %(to_offset)s)
ON CONFLICT DO NOTHING
