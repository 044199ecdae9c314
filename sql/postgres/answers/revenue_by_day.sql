-- What was earned on each of the last 30 days, in minor units of each currency?
SELECT service_date, currency, sum(completed) AS completed, sum(revenue) AS revenue
FROM lake.trip_hour
WHERE service_date > %(day)s::date - 30 AND service_date <= %(day)s
GROUP BY service_date, currency
ORDER BY service_date, currency
