-- One dead letter with its bytes, and with those that it was fixed to.
SELECT
    letter.arrived_at,
    letter.reason,
    letter.error,
    letter.message_key AS key,
    letter.message_value AS value,
    letter.headers,
    fix.method,
    fix.fixed_by,
    fix.message_key AS fixed_key,
    fix.message_value AS fixed_value
FROM raw.dead_letter AS letter
LEFT JOIN raw.dead_letter_fix AS fix USING (topic, kafka_partition, kafka_offset)
WHERE letter.topic = %(topic)s AND letter.kafka_partition = %(partition)s AND letter.kafka_offset = %(offset)s
