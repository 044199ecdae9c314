-- How long did a day's messages take from the broker to the lake?
SELECT
    count(*) AS messages,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY landed_at - arrived_at) AS median,
    max(landed_at - arrived_at) AS longest
FROM lake.trip_event
WHERE arrived_at >= %(day)s::date AND arrived_at < %(day)s::date + 1
