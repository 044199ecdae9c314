-- The events of one range of offsets, in order, as binary COPY.
COPY (
    SELECT
        kafka_offset,
        arrived_at,
        payload::text AS payload
    FROM raw.trip_event
    WHERE topic = %s AND kafka_partition = %s AND kafka_offset >= %s AND kafka_offset < %s
    ORDER BY kafka_offset
) TO STDOUT (FORMAT binary)
