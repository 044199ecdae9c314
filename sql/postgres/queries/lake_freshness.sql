-- When the newest event of the lake arrived, and since when the oldest one that stands in no window has been there.
SELECT
    max(newest.arrived_at) AS newest_at,
    min(waiting.landed_at) AS waiting_since
FROM raw.consumer_offset AS consumed
LEFT JOIN LATERAL (
    SELECT arrived_at
    FROM raw.trip_event
    WHERE topic = consumed.topic AND kafka_partition = consumed.kafka_partition
    ORDER BY kafka_offset DESC
    LIMIT 1
) AS newest ON TRUE
LEFT JOIN LATERAL (
    SELECT landed_at
    FROM raw.trip_event
    WHERE
        topic = consumed.topic
        AND kafka_partition = consumed.kafka_partition
        AND kafka_offset >= coalesce(
            (
                SELECT max(planned.to_offset)
                FROM control.load_range AS planned
                WHERE
                    planned.target = %(target)s
                    AND planned.topic = consumed.topic
                    AND planned.kafka_partition = consumed.kafka_partition
            ),
            0
        )
    ORDER BY kafka_offset
    LIMIT 1
) AS waiting ON TRUE
