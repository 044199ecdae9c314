INSERT INTO raw.dead_letter_replay (topic, kafka_partition, kafka_offset, replayed_by)
VALUES (%(topic)s, %(partition)s, %(offset)s, %(by)s)
RETURNING replay_id
