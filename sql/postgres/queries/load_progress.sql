-- How many committed offsets stand in no window of a target yet, and for how many seconds no window has been completed:
-- NULL when none ever was.
SELECT
    (
        SELECT coalesce(sum(consumed.next_offset - coalesce(planned.to_offset, landed.lowest, consumed.next_offset)), 0)
        FROM raw.consumer_offset AS consumed
        CROSS JOIN LATERAL (
            SELECT max(load_range.to_offset) AS to_offset
            FROM control.load_range
            WHERE
                load_range.target = %(target)s
                AND load_range.topic = consumed.topic
                AND load_range.kafka_partition = consumed.kafka_partition
        ) AS planned
        CROSS JOIN LATERAL (
            SELECT min(trip_event.kafka_offset) AS lowest
            FROM raw.trip_event
            WHERE
                planned.to_offset IS NULL
                AND trip_event.topic = consumed.topic
                AND trip_event.kafka_partition = consumed.kafka_partition
        ) AS landed
    )::bigint AS waiting,
    (
        SELECT extract(epoch FROM clock_timestamp() - max(changed_at))::double precision
        FROM control.load
        WHERE target = %(target)s AND state = 'reconciled'
    ) AS idle_seconds
