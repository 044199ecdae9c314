-- Companies by the newest name of each, from what silver.provider_day keeps of the trips.
MERGE `{gold}.dim_provider` AS target
USING (
  SELECT
    CAST(CONCAT('0x', LEFT(TO_HEX(SHA256(provider_id)), 13)) AS INT64) AS provider_key,
    provider_id,
    COALESCE(provider_name, 'Unknown') AS provider_name
  FROM `{silver}.provider_day`
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (PARTITION BY provider_id ORDER BY provider_name IS NULL, service_date DESC) = 1
  UNION ALL
  SELECT 0, 'unknown', 'Unknown'
) AS source
ON target.provider_key = source.provider_key
WHEN MATCHED AND target.provider_name != source.provider_name THEN
  UPDATE SET provider_id = source.provider_id, provider_name = source.provider_name
WHEN NOT MATCHED BY TARGET THEN
  INSERT (provider_key, provider_id, provider_name)
  VALUES (source.provider_key, source.provider_id, source.provider_name)
WHEN NOT MATCHED BY SOURCE THEN
  DELETE;
