SELECT count(*) FROM {day} WHERE payload ->> 'trip_id' = %(trip_id)s
