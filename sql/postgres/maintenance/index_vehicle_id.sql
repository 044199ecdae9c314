CREATE INDEX CONCURRENTLY {index} ON {day} (JSON_VALUE(payload, '$.vehicle_id'))
