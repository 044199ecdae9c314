-- The dead letters of a topic that were asked for, without their bytes, each with how far its replay has come.
SELECT
    letter.kafka_partition AS partition,
    letter.kafka_offset AS "offset",
    (letter.arrived_at AT TIME ZONE 'UTC')::date AS day,
    letter.reason,
    letter.error,
    octet_length(letter.message_value) AS bytes,
    CASE
        WHEN landing.landed_at IS NOT NULL THEN 'landed'
        WHEN replay.confirmed THEN 'published'
        WHEN replay.confirmed IS NOT NULL THEN 'unconfirmed'
        WHEN fix.fixed_at IS NOT NULL THEN 'fixed'
        ELSE 'new'
    END AS state
FROM raw.dead_letter AS letter
LEFT JOIN raw.dead_letter_fix AS fix USING (topic, kafka_partition, kafka_offset)
LEFT JOIN raw.dead_letter_landing AS landing USING (topic, kafka_partition, kafka_offset)
LEFT JOIN LATERAL (
    SELECT bool_or(attempt.to_offset IS NOT NULL) AS confirmed
    FROM raw.dead_letter_replay AS attempt
    WHERE
        attempt.topic = letter.topic
        AND attempt.kafka_partition = letter.kafka_partition
        AND attempt.kafka_offset = letter.kafka_offset
) AS replay ON true
WHERE
    letter.topic = %(topic)s
    AND (%(partition)s::integer IS NULL OR letter.kafka_partition = %(partition)s)
    AND (%(offset)s::bigint IS NULL OR letter.kafka_offset = %(offset)s)
    AND (%(reason)s::text IS NULL OR letter.reason = %(reason)s)
    AND (%(day)s::date IS NULL OR (letter.arrived_at AT TIME ZONE 'UTC')::date = %(day)s)
ORDER BY letter.kafka_partition, letter.kafka_offset
