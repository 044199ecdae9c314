CREATE INDEX candidate ON {day} ((payload ->> 'trip_id'))
