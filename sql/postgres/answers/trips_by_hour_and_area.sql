-- How many trips of a day began in each hour and area, as of the last maintenance?
SELECT hour, pickup_area, sum(trips) AS trips, sum(completed) AS completed
FROM lake.trip_hour
WHERE service_date = %(day)s
GROUP BY hour, pickup_area
ORDER BY hour, pickup_area
