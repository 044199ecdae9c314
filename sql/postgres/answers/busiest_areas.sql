-- Where did most trips begin in the last seven days?
SELECT pickup_area, sum(trips) AS trips, sum(revenue) AS revenue
FROM lake.trip_hour
WHERE service_date > %(day)s::date - 7 AND service_date <= %(day)s
GROUP BY pickup_area
ORDER BY trips DESC, pickup_area
LIMIT 10
