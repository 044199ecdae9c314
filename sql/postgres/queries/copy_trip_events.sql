COPY raw.trip_event (topic, kafka_partition, kafka_offset, arrived_at, message_key, payload)
FROM STDIN WITH (FORMAT binary)
