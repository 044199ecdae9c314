-- What still needs a day, for each warehouse and partition: offsets of it that stand in no reconciled window. A warehouse
-- that was prepared and has loaded nothing needs all of it; one that stays at a time of the past needs none.
WITH held AS (
    SELECT
        topic,
        kafka_partition,
        min(kafka_offset) AS lowest,
        max(kafka_offset) AS highest
    FROM {day}
    GROUP BY topic, kafka_partition
),

warehouse AS (
    (
        SELECT target FROM control.load
        UNION
        SELECT target FROM control.warehouse_schema
    )
    EXCEPT
    SELECT target FROM control.snapshot
)

SELECT
    warehouse.target,
    held.topic,
    held.kafka_partition,
    held.lowest,
    held.highest
FROM warehouse
CROSS JOIN held
CROSS JOIN LATERAL (
    SELECT range_agg(int8range(part.from_offset, part.to_offset)) AS offsets
    FROM control.load_range AS part
    INNER JOIN control.load ON load.load_id = part.load_id
    WHERE
        part.target = warehouse.target
        AND part.topic = held.topic
        AND part.kafka_partition = held.kafka_partition
        AND part.from_offset <= held.highest
        AND part.to_offset > held.lowest
        AND load.state = 'reconciled'
) AS reconciled
WHERE NOT coalesce(reconciled.offsets @> int8range(held.lowest, held.highest, '[]'), false)
ORDER BY warehouse.target, held.topic, held.kafka_partition
