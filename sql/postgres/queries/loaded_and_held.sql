-- How many events the closed windows of a target had when they were loaded, and how many of them the lake still holds.
-- Windows of a partition follow each other without a gap.
SELECT
    (
        SELECT coalesce(sum(landed), 0)
        FROM control.load
        WHERE target = %(target)s AND state = 'reconciled'
    )::bigint AS loaded,
    (
        SELECT count(*)
        FROM (
            SELECT topic, kafka_partition, min(from_offset) AS from_offset, max(to_offset) AS to_offset
            FROM control.load_range
            INNER JOIN control.load USING (load_id)
            WHERE load.target = %(target)s AND load.state = 'reconciled'
            GROUP BY topic, kafka_partition
        ) AS loaded
        INNER JOIN raw.trip_event AS event
            ON event.topic = loaded.topic
            AND event.kafka_partition = loaded.kafka_partition
            AND event.kafka_offset >= loaded.from_offset
            AND event.kafka_offset < loaded.to_offset
    ) AS held
