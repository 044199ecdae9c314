-- The service dates that the events of one range of offsets speak of, save those that are closed.
SELECT DISTINCT event.service_date
FROM lake.trip_event AS event
WHERE
    event.topic = %(topic)s
    AND event.kafka_partition = %(partition)s
    AND event.kafka_offset >= %(from_offset)s
    AND event.kafka_offset < %(to_offset)s
    AND event.service_date IS NOT NULL
    AND NOT EXISTS (SELECT FROM control.closed_service_date AS closed WHERE closed.service_date = event.service_date)
