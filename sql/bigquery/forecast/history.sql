-- Trips by area and hour on the days that the forecast looks back on.
SELECT service_date, hour_key, zone_key, trips
FROM `{gold}.agg_zone_hour`
WHERE {bounds service_date};
