-- The events of one range of offsets, in order, as binary COPY; times in microseconds since the epoch.
COPY (
    SELECT
        kafka_offset,
        (extract(EPOCH FROM arrived_at) * 1000000)::bigint AS arrived_at,
        payload::text AS payload
    FROM raw.trip_event
    WHERE topic = %s AND kafka_partition = %s AND kafka_offset >= %s AND kafka_offset < %s
    ORDER BY kafka_offset
) TO STDOUT (FORMAT binary)
