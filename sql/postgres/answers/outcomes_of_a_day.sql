-- What has become of the trips of a day, by all that has landed until now?
SELECT outcome, count(*) AS trips, sum(revenue) AS revenue
FROM lake.trip
WHERE service_date = %(day)s
GROUP BY outcome
ORDER BY trips DESC
