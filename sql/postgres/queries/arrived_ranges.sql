-- The offsets of each partition that arrived on one UTC day.
SELECT topic, kafka_partition, min(kafka_offset), max(kafka_offset) + 1
FROM raw.trip_event
WHERE
    arrived_at >= (%(day)s::date)::timestamp AT TIME ZONE 'UTC'
    AND arrived_at < (%(day)s::date + 1)::timestamp AT TIME ZONE 'UTC'
GROUP BY topic, kafka_partition
ORDER BY topic, kafka_partition
