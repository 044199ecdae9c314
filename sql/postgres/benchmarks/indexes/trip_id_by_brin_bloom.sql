CREATE INDEX candidate ON {day} USING brin ((payload ->> 'trip_id') text_bloom_ops) WITH (pages_per_range = 16)
