SELECT count(*) FROM {day} WHERE JSON_VALUE(payload, '$.vehicle_id') = %(vehicle_id)s
