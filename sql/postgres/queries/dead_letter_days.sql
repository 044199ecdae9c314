-- Dead letters by UTC day of arrival and reason.
SELECT
    (arrived_at AT TIME ZONE 'UTC')::date AS day,
    reason,
    count(*) AS messages
FROM raw.dead_letter
GROUP BY day, reason
