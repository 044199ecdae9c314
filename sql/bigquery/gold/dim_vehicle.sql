-- Versions of vehicles, from what silver.vehicle_day keeps of the trips: the same however and whenever these came.
-- A key counts the times with one company, so that a trip found earlier, or another company's, changes no other key.
MERGE `{gold}.dim_vehicle` AS target
USING (
  WITH followed AS (
    SELECT
      vehicle_id,
      provider_id,
      first_seen_at,
      LAG(provider_id) OVER (PARTITION BY vehicle_id ORDER BY first_seen_at) AS provider_before
    FROM `{silver}.vehicle_day`
    WHERE provider_id IS NOT NULL
  ),

  numbered AS (
    SELECT
      vehicle_id,
      provider_id,
      first_seen_at AS valid_from,
      LEAD(first_seen_at) OVER (PARTITION BY vehicle_id ORDER BY first_seen_at) AS valid_to,
      ROW_NUMBER() OVER (PARTITION BY vehicle_id ORDER BY first_seen_at) AS version,
      ROW_NUMBER() OVER (PARTITION BY vehicle_id, provider_id ORDER BY first_seen_at) AS occurrence
    FROM followed
    WHERE provider_before IS NULL OR provider_before != provider_id
  ),

  version AS (
    SELECT *, CONCAT(vehicle_id, '/', provider_id, '/', CAST(occurrence AS STRING)) AS natural_key
    FROM numbered
  )

  SELECT
    CAST(CONCAT('0x', LEFT(TO_HEX(SHA256(version.natural_key)), 13)) AS INT64) AS vehicle_key,
    version.vehicle_id,
    version.version,
    version.provider_id,
    provider.provider_key,
    version.valid_from,
    version.valid_to,
    version.valid_to IS NULL AS is_current
  FROM version
  INNER JOIN `{gold}.dim_provider` AS provider ON version.provider_id = provider.provider_id
  UNION ALL
  SELECT 0, 'unknown', 0, 'unknown', 0, TIMESTAMP '1970-01-01 00:00:00+00', NULL, TRUE
) AS source
ON target.vehicle_key = source.vehicle_key
WHEN MATCHED AND (
  target.version != source.version
  OR target.valid_from != source.valid_from
  OR target.valid_to IS DISTINCT FROM source.valid_to
) THEN
  UPDATE SET
    vehicle_id = source.vehicle_id,
    version = source.version,
    provider_id = source.provider_id,
    provider_key = source.provider_key,
    valid_from = source.valid_from,
    valid_to = source.valid_to,
    is_current = source.is_current
WHEN NOT MATCHED BY TARGET THEN
  INSERT (vehicle_key, vehicle_id, version, provider_id, provider_key, valid_from, valid_to, is_current)
  VALUES (
    source.vehicle_key, source.vehicle_id, source.version, source.provider_id, source.provider_key,
    source.valid_from, source.valid_to, source.is_current
  )
WHEN NOT MATCHED BY SOURCE THEN
  DELETE;
