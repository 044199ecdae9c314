-- Rejected events by day and reason, of the days on which the window's arrived: whole days are replaced.
MERGE `{gold}.health_rejected` AS target
USING (
  SELECT arrived_on AS day, reason, COUNT(*) AS events
  FROM `{bronze}.rejected_event`
  WHERE {bounds arrived_on}
  GROUP BY arrived_on, reason
) AS source
ON FALSE
WHEN NOT MATCHED BY TARGET THEN
  INSERT (day, reason, events)
  VALUES (source.day, source.reason, source.events)
WHEN NOT MATCHED BY SOURCE AND {bounds target.day} THEN
  DELETE;
