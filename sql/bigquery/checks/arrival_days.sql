-- The events of one window by UTC day of arrival.
WITH staged AS (
  SELECT DATE(arrived_at) AS arrived_on, 1 AS accepted, 0 AS rejected
  FROM `{staging_event}`
  UNION ALL
  SELECT DATE(arrived_at) AS arrived_on, 0 AS accepted, 1 AS rejected
  FROM `{staging_rejected}`
)

SELECT arrived_on, SUM(accepted) AS accepted, SUM(rejected) AS rejected
FROM staged
GROUP BY arrived_on;
