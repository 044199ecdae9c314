CREATE INDEX candidate ON {day} (JSON_VALUE(payload, '$.vehicle_id'))
