-- What did a vehicle report on one day?
SELECT arrived_at, occurred_at, event_types, vehicle_state, trip_id
FROM lake.trip_event
WHERE vehicle_id = %(vehicle_id)s AND arrived_at >= %(day)s::date AND arrived_at < %(day)s::date + 1
ORDER BY arrived_at, kafka_offset
