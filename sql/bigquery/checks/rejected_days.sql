-- Rejected events by UTC day of arrival.
SELECT arrived_on, COUNT(*) AS rejected_events
FROM `{bronze}.rejected_event`
WHERE {bounds arrived_on}
GROUP BY arrived_on;
