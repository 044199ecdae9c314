-- The topic's id as the lake knows it; the first consumer that reads the topic tells it.
WITH told AS (
    INSERT INTO raw.topic_identity (topic, topic_id)
    VALUES (%(topic)s, %(topic_id)s)
    ON CONFLICT (topic) DO NOTHING
    RETURNING topic_id
)

SELECT topic_id FROM told
UNION ALL
SELECT topic_id FROM raw.topic_identity WHERE topic = %(topic)s
