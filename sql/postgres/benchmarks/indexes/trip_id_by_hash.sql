CREATE INDEX candidate ON {day} USING hash ((payload ->> 'trip_id'))
