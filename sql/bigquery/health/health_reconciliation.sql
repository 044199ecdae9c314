-- What was compared, over what the same comparison found before.
MERGE `{gold}.health_reconciliation` AS target
USING (
  SELECT
    JSON_VALUE(measured, '$.check_name') AS check_name,
    JSON_VALUE(measured, '$.source') AS source,
    CAST(JSON_VALUE(measured, '$.source_value') AS NUMERIC) AS source_value,
    JSON_VALUE(measured, '$.target') AS target,
    CAST(JSON_VALUE(measured, '$.target_value') AS NUMERIC) AS target_value,
    CAST(JSON_VALUE(measured, '$.difference') AS NUMERIC) AS difference,
    CAST(JSON_VALUE(measured, '$.checked_at') AS TIMESTAMP) AS checked_at
  FROM UNNEST(JSON_QUERY_ARRAY(@measured)) AS measured
) AS source
ON target.check_name = source.check_name
WHEN MATCHED THEN
  UPDATE SET
    source = source.source,
    source_value = source.source_value,
    target = source.target,
    target_value = source.target_value,
    difference = source.difference,
    checked_at = source.checked_at
WHEN NOT MATCHED BY TARGET THEN
  INSERT (check_name, source, source_value, target, target_value, difference, checked_at)
  VALUES (
    source.check_name, source.source, source.source_value, source.target, source.target_value, source.difference,
    source.checked_at
  );
