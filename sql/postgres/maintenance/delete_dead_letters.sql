-- With what was done about them. That a replay has landed stays known: it is the fence against a second one.
WITH letter AS (
    SELECT topic, kafka_partition, kafka_offset
    FROM raw.dead_letter
    WHERE arrived_at < %(before)s
),

replay AS (
    DELETE FROM raw.dead_letter_replay USING letter
    WHERE
        dead_letter_replay.topic = letter.topic
        AND dead_letter_replay.kafka_partition = letter.kafka_partition
        AND dead_letter_replay.kafka_offset = letter.kafka_offset
),

fix AS (
    DELETE FROM raw.dead_letter_fix USING letter
    WHERE
        dead_letter_fix.topic = letter.topic
        AND dead_letter_fix.kafka_partition = letter.kafka_partition
        AND dead_letter_fix.kafka_offset = letter.kafka_offset
)

DELETE FROM raw.dead_letter USING letter
WHERE
    dead_letter.topic = letter.topic
    AND dead_letter.kafka_partition = letter.kafka_partition
    AND dead_letter.kafka_offset = letter.kafka_offset
