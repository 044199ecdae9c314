-- The newest day with trips that is over; NULL when there is none.
SELECT MAX(service_date) AS newest
FROM `{gold}.agg_zone_hour`
WHERE service_date <= {last_date};
