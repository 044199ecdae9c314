-- All that is known of one trip, in the order in which it came.
SELECT arrived_at, occurred_at, event_types, vehicle_state, vehicle_id, total
FROM lake.trip_event
WHERE trip_id = %(trip_id)s
ORDER BY arrived_at, kafka_offset
