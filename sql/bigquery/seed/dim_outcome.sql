-- The outcomes of silver.trip. A number once given stays: facts carry it.
MERGE `{gold}.dim_outcome` AS target
USING (
  SELECT outcome_key, outcome, outcome_name, STARTS_WITH(outcome, 'cancelled') AS is_cancelled
  FROM UNNEST([
    STRUCT(0 AS outcome_key, 'unknown' AS outcome, 'Unknown' AS outcome_name),
    STRUCT(1, 'completed', 'Completed'),
    STRUCT(2, 'cancelled_by_passenger', 'Cancelled by passenger'),
    STRUCT(3, 'cancelled_by_driver', 'Cancelled by driver'),
    STRUCT(4, 'cancelled_by_provider', 'Cancelled by provider'),
    STRUCT(5, 'voided', 'Voided'),
    STRUCT(6, 'open', 'Open')
  ])
) AS source
ON target.outcome_key = source.outcome_key
WHEN MATCHED THEN
  UPDATE SET outcome = source.outcome, outcome_name = source.outcome_name, is_cancelled = source.is_cancelled
WHEN NOT MATCHED BY TARGET THEN
  INSERT (outcome_key, outcome, outcome_name, is_cancelled)
  VALUES (source.outcome_key, source.outcome, source.outcome_name, source.is_cancelled)
WHEN NOT MATCHED BY SOURCE THEN
  DELETE;
