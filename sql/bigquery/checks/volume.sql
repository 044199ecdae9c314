-- Trips that were reserved in one hour of the day, on the day that is judged and on those before it.
SELECT service_date, SUM(IF(hour_key = @hour, trips, 0)) AS trips
FROM `{gold}.agg_zone_hour`
WHERE {bounds service_date}
GROUP BY service_date;
