-- What a consumer without COPY sends for each message.
INSERT INTO raw.trip_event (topic, kafka_partition, kafka_offset, arrived_at, message_key, payload)
VALUES (%s, %s, %s, to_timestamp(%s / 1000.0), %s, %s)
ON CONFLICT DO NOTHING;
