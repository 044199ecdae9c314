-- How fresh each store was found.
MERGE `{gold}.health_freshness` AS target
USING (
  SELECT
    JSON_VALUE(measured, '$.store') AS store,
    CAST(JSON_VALUE(measured, '$.newest_at') AS TIMESTAMP) AS newest_at,
    CAST(JSON_VALUE(measured, '$.age_seconds') AS INT64) AS age_seconds,
    CAST(JSON_VALUE(measured, '$.checked_at') AS TIMESTAMP) AS checked_at
  FROM UNNEST(JSON_QUERY_ARRAY(@measured)) AS measured
) AS source
ON target.store = source.store
WHEN MATCHED THEN
  UPDATE SET
    newest_at = source.newest_at,
    age_seconds = source.age_seconds,
    checked_at = source.checked_at
WHEN NOT MATCHED BY TARGET THEN
  INSERT (store, newest_at, age_seconds, checked_at)
  VALUES (source.store, source.newest_at, source.age_seconds, source.checked_at);
