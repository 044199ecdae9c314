CREATE INDEX CONCURRENTLY {index} ON {day} ((payload ->> 'trip_id'))
