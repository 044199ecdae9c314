-- Where the messages of one partition from an offset on have gone: the lake, or the dead letters.
SELECT
    (
        SELECT count(*)
        FROM raw.trip_event
        WHERE topic = %(topic)s AND kafka_partition = %(partition)s AND kafka_offset >= %(low)s
    ) AS landed,
    (
        SELECT count(*)
        FROM raw.dead_letter
        WHERE topic = %(topic)s AND kafka_partition = %(partition)s AND kafka_offset >= %(low)s
    ) AS dead_lettered
