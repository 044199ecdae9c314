CREATE INDEX candidate ON {day} USING brin ((JSON_VALUE(payload, '$.vehicle_id')) text_bloom_ops) WITH (pages_per_range = 16)
