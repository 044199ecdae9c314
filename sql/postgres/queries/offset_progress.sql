-- Up to where each partition of a topic stands in the lake, and for how many seconds it has stood there.
SELECT
    kafka_partition,
    next_offset,
    extract(epoch FROM clock_timestamp() - updated_at)::double precision AS idle_seconds
FROM raw.consumer_offset
WHERE topic = %(topic)s
ORDER BY kafka_partition
