-- The last state of each check on its day; days before {first_date} go.
MERGE `{gold}.health_check` AS target
USING (
  SELECT
    CAST(JSON_VALUE(measured, '$.checked_on') AS DATE) AS checked_on,
    JSON_VALUE(measured, '$.check_name') AS check_name,
    JSON_VALUE(measured, '$.kind') AS kind,
    JSON_VALUE(measured, '$.status') AS status,
    CAST(JSON_VALUE(measured, '$.observed') AS FLOAT64) AS observed,
    CAST(JSON_VALUE(measured, '$.expected_lower') AS FLOAT64) AS expected_lower,
    CAST(JSON_VALUE(measured, '$.expected_upper') AS FLOAT64) AS expected_upper,
    JSON_VALUE(measured, '$.detail') AS detail,
    CAST(JSON_VALUE(measured, '$.checked_at') AS TIMESTAMP) AS checked_at
  FROM UNNEST(JSON_QUERY_ARRAY(@measured)) AS measured
) AS source
ON
  target.checked_on = source.checked_on
  AND target.check_name = source.check_name
WHEN MATCHED THEN
  UPDATE SET
    kind = source.kind,
    status = source.status,
    observed = source.observed,
    expected_lower = source.expected_lower,
    expected_upper = source.expected_upper,
    detail = source.detail,
    checked_at = source.checked_at
WHEN NOT MATCHED BY TARGET THEN
  INSERT (checked_on, check_name, kind, status, observed, expected_lower, expected_upper, detail, checked_at)
  VALUES (
    source.checked_on, source.check_name, source.kind, source.status, source.observed, source.expected_lower,
    source.expected_upper, source.detail, source.checked_at
  )
WHEN NOT MATCHED BY SOURCE AND target.checked_on < {first_date} THEN
  DELETE;
