ALTER TABLE raw.trip_event ATTACH PARTITION {day} FOR VALUES FROM ({first}) TO ({last})
