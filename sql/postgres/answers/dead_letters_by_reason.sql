-- What was set aside at the lake's door in the last seven days, and why?
SELECT reason, count(*) AS messages, max(arrived_at) AS last_arrived_at
FROM lake.dead_letter
WHERE arrived_at >= %(day)s::date - 7
GROUP BY reason
ORDER BY messages DESC
