-- The city's areas as the seed file has them, and the unknown area that stands for a missing or unlisted number.
MERGE `{gold}.dim_zone` AS target
USING (
  SELECT number AS zone_key, name AS zone_name, side, latitude, longitude FROM `{seed}`
  UNION ALL
  SELECT 0, 'Unknown', 'Unknown', NULL, NULL
) AS source
ON target.zone_key = source.zone_key
WHEN MATCHED THEN
  UPDATE SET
    zone_name = source.zone_name,
    side = source.side,
    latitude = source.latitude,
    longitude = source.longitude
WHEN NOT MATCHED BY TARGET THEN
  INSERT (zone_key, zone_name, side, latitude, longitude)
  VALUES (source.zone_key, source.zone_name, source.side, source.latitude, source.longitude)
WHEN NOT MATCHED BY SOURCE THEN
  DELETE;
