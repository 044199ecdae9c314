-- Books by day of arrival; days before {first_date} go.
MERGE `{gold}.health_arrival_day` AS target
USING (
  SELECT
    CAST(JSON_VALUE(measured, '$.day') AS DATE) AS day,
    CAST(JSON_VALUE(measured, '$.landed') AS INT64) AS landed,
    CAST(JSON_VALUE(measured, '$.accepted') AS INT64) AS accepted,
    CAST(JSON_VALUE(measured, '$.rejected') AS INT64) AS rejected,
    CAST(JSON_VALUE(measured, '$.rejected_events') AS INT64) AS rejected_events,
    CAST(JSON_VALUE(measured, '$.difference') AS INT64) AS difference,
    CAST(JSON_VALUE(measured, '$.checked_at') AS TIMESTAMP) AS checked_at
  FROM UNNEST(JSON_QUERY_ARRAY(@measured)) AS measured
) AS source
ON target.day = source.day
WHEN MATCHED THEN
  UPDATE SET
    landed = source.landed,
    accepted = source.accepted,
    rejected = source.rejected,
    rejected_events = source.rejected_events,
    difference = source.difference,
    checked_at = source.checked_at
WHEN NOT MATCHED BY TARGET THEN
  INSERT (day, landed, accepted, rejected, rejected_events, difference, checked_at)
  VALUES (
    source.day, source.landed, source.accepted, source.rejected, source.rejected_events, source.difference,
    source.checked_at
  )
WHEN NOT MATCHED BY SOURCE AND target.day < {first_date} THEN
  DELETE;
