-- Dead letters by day and reason, as the lake counts them: days and reasons that it no longer has go.
MERGE `{gold}.health_dead_letter` AS target
USING (
  SELECT
    CAST(JSON_VALUE(measured, '$.day') AS DATE) AS day,
    JSON_VALUE(measured, '$.reason') AS reason,
    CAST(JSON_VALUE(measured, '$.messages') AS INT64) AS messages
  FROM UNNEST(JSON_QUERY_ARRAY(@measured)) AS measured
) AS source
ON
  target.day = source.day
  AND target.reason = source.reason
WHEN MATCHED THEN
  UPDATE SET
    messages = source.messages
WHEN NOT MATCHED BY TARGET THEN
  INSERT (day, reason, messages)
  VALUES (source.day, source.reason, source.messages)
WHEN NOT MATCHED BY SOURCE THEN
  DELETE;
