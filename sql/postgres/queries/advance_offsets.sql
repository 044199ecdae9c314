-- The fence: moves each partition from where the batch started. Fewer rows than partitions: somebody else moved one.
UPDATE raw.consumer_offset AS stored
SET next_offset = move.to_offset, updated_at = now()
FROM unnest(%(partitions)s::integer[], %(from_offsets)s::bigint[], %(to_offsets)s::bigint[])
    AS move (kafka_partition, from_offset, to_offset)
WHERE stored.topic = %(topic)s
    AND stored.kafka_partition = move.kafka_partition
    AND stored.next_offset = move.from_offset;
