DELETE FROM lake.trip_hour WHERE service_date = %(service_date)s
