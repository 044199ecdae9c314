-- The events of one range of offsets, as binary COPY: up to 64 of them in a row, which the client reads in a tenth of the
-- time of 64 rows. A large one has a row of its own, and comes after its small neighbours: 64 of the largest would be
-- 64 MB at once. No text of a jsonb has a line feed. Numbers are big-endian, 8 bytes each.
COPY (
    SELECT
        string_agg(int8send(kafka_offset), ''::bytea ORDER BY kafka_offset) AS offsets,
        string_agg(timestamptz_send(arrived_at), ''::bytea ORDER BY kafka_offset) AS arrivals,
        string_agg(payload::text, E'\n' ORDER BY kafka_offset) AS payloads
    FROM raw.trip_event
    WHERE topic = %s AND kafka_partition = %s AND kafka_offset >= %s AND kafka_offset < %s
    GROUP BY kafka_offset / 64, CASE WHEN pg_column_size(payload) > 2000 THEN kafka_offset END
    ORDER BY kafka_offset / 64, CASE WHEN pg_column_size(payload) > 2000 THEN kafka_offset END NULLS FIRST
) TO STDOUT (FORMAT binary)
