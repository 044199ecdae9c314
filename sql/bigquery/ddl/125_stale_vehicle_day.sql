CREATE OR REPLACE VIEW `{silver}.stale_vehicle_day` (
  service_date OPTIONS (description = 'Local day on which the trips were reserved.'),
  vehicle_id OPTIONS (description = 'The public number of the vehicle.'),
  first_seen_at OPTIONS (description = 'Identifies the row of vehicle_day.'),
  vehicle_key OPTIONS (description = 'The version that the trips must carry; NULL when the row no longer holds.')
)
OPTIONS (description = 'One row per row of vehicle_day whose trips carry another version in gold than dim_vehicle has: publish restates them.')
AS
SELECT
  day.service_date,
  day.vehicle_id,
  day.first_seen_at,
  version.vehicle_key
FROM `{silver}.vehicle_day` AS day
LEFT JOIN `{gold}.dim_vehicle` AS version
  ON
    day.vehicle_id = version.vehicle_id
    AND day.provider_id = version.provider_id
    AND day.first_seen_at >= version.valid_from
    -- As a comparison and not as an OR, which makes the join compare every row with every row.
    AND day.first_seen_at < COALESCE(version.valid_to, TIMESTAMP '9999-12-31 00:00:00+00')
WHERE day.provider_id IS NULL OR day.vehicle_key IS DISTINCT FROM version.vehicle_key;
