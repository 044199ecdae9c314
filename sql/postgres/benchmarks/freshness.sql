-- How old the events of one window were when gold showed them: the seconds after which half, 0.95 and 0.99 of them were there.
SELECT
    count(*) AS events,
    percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (
        ORDER BY %(published_at)s - (event.payload ->> 'timestamp')::bigint / 1000.0
    ) AS seconds
FROM control.load_range AS range
JOIN raw.trip_event AS event
    ON event.topic = range.topic
    AND event.kafka_partition = range.kafka_partition
    AND event.kafka_offset >= range.from_offset
    AND event.kafka_offset < range.to_offset
WHERE range.load_id = ANY(%(load_ids)s);
