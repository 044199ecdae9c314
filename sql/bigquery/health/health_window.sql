-- A window that was closed; those of days before {first_date} go.
MERGE `{gold}.health_window` AS target
USING (
  SELECT
    JSON_VALUE(measured, '$.load_id') AS load_id,
    CAST(JSON_VALUE(measured, '$.offsets') AS INT64) AS offsets,
    CAST(JSON_VALUE(measured, '$.landed') AS INT64) AS landed,
    CAST(JSON_VALUE(measured, '$.accepted') AS INT64) AS accepted,
    CAST(JSON_VALUE(measured, '$.rejected') AS INT64) AS rejected,
    CAST(JSON_VALUE(measured, '$.duplicate_equal') AS INT64) AS duplicate_equal,
    CAST(JSON_VALUE(measured, '$.duplicate_different') AS INT64) AS duplicate_different,
    CAST(JSON_VALUE(measured, '$.trips') AS INT64) AS trips,
    CAST(JSON_VALUE(measured, '$.staged_bytes') AS INT64) AS staged_bytes,
    CAST(JSON_VALUE(measured, '$.extract_seconds') AS FLOAT64) AS extract_seconds,
    CAST(JSON_VALUE(measured, '$.stage_seconds') AS FLOAT64) AS stage_seconds,
    CAST(JSON_VALUE(measured, '$.merge_seconds') AS FLOAT64) AS merge_seconds,
    CAST(JSON_VALUE(measured, '$.publish_seconds') AS FLOAT64) AS publish_seconds,
    CAST(JSON_VALUE(measured, '$.reconcile_seconds') AS FLOAT64) AS reconcile_seconds,
    CAST(JSON_VALUE(measured, '$.planned_at') AS TIMESTAMP) AS planned_at,
    CAST(JSON_VALUE(measured, '$.closed_at') AS TIMESTAMP) AS closed_at
  FROM UNNEST(JSON_QUERY_ARRAY(@measured)) AS measured
) AS source
ON target.load_id = source.load_id
WHEN MATCHED THEN
  UPDATE SET
    offsets = source.offsets,
    landed = source.landed,
    accepted = source.accepted,
    rejected = source.rejected,
    duplicate_equal = source.duplicate_equal,
    duplicate_different = source.duplicate_different,
    trips = source.trips,
    staged_bytes = source.staged_bytes,
    extract_seconds = source.extract_seconds,
    stage_seconds = source.stage_seconds,
    merge_seconds = source.merge_seconds,
    publish_seconds = source.publish_seconds,
    reconcile_seconds = source.reconcile_seconds,
    planned_at = source.planned_at,
    closed_at = source.closed_at
WHEN NOT MATCHED BY TARGET THEN
  INSERT (
    load_id, offsets, landed, accepted, rejected, duplicate_equal, duplicate_different, trips, staged_bytes,
    extract_seconds, stage_seconds, merge_seconds, publish_seconds, reconcile_seconds, planned_at, closed_at
  )
  VALUES (
    source.load_id, source.offsets, source.landed, source.accepted, source.rejected, source.duplicate_equal,
    source.duplicate_different, source.trips, source.staged_bytes, source.extract_seconds, source.stage_seconds,
    source.merge_seconds, source.publish_seconds, source.reconcile_seconds, source.planned_at, source.closed_at
  )
WHEN NOT MATCHED BY SOURCE AND DATE(target.closed_at) < {first_date} THEN
  DELETE;
