-- The trips of these days now carry what dim_vehicle has: write it down, after the facts, so that a kill repeats them.
MERGE `{silver}.vehicle_day` AS target
USING (
  SELECT service_date, vehicle_id, first_seen_at, vehicle_key
  FROM `{silver}.stale_vehicle_day`
  WHERE {bounds service_date}
) AS source
ON
  {bounds target.service_date}
  AND target.service_date = source.service_date
  AND target.vehicle_id = source.vehicle_id
  AND target.first_seen_at = source.first_seen_at
WHEN MATCHED AND target.provider_id IS NULL THEN
  DELETE
WHEN MATCHED THEN
  UPDATE SET vehicle_key = source.vehicle_key;
