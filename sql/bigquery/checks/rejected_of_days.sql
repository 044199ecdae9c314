-- Coordinates of the rejected events of the days on which a window's rejected events arrived.
SELECT kafka_topic, kafka_partition, kafka_offset
FROM `{bronze}.rejected_event`
WHERE {bounds arrived_on};
