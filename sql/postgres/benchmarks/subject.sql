-- A trip and a vehicle of the day, to ask about.
SELECT trip_id, vehicle_id
FROM lake.trip_event
WHERE arrived_at >= %(day)s::date AND arrived_at < %(day)s::date + 1 AND vehicle_id IS NOT NULL
LIMIT 1
