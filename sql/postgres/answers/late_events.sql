-- How many events of a day were published more than a minute after they happened, hour by hour?
SELECT date_trunc('hour', arrived_at) AS hour, count(*) AS events, max(published_at - occurred_at) AS latest
FROM lake.trip_event
WHERE arrived_at >= %(day)s::date AND arrived_at < %(day)s::date + 1
    AND published_at - occurred_at > interval '1 minute'
GROUP BY hour
ORDER BY hour
