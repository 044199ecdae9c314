-- Which company each vehicle drove for on the window's days, computed again from all trips of those days.
MERGE `{silver}.vehicle_day` AS target
USING (
  WITH seen AS (
    -- When two companies claim a vehicle at one instant, the smaller id has it.
    SELECT service_date, vehicle_id, seen_at, MIN(provider_id) AS provider_id
    FROM `{silver}.trip`
    WHERE {bounds service_date} AND vehicle_id != 'unknown'
    GROUP BY service_date, vehicle_id, seen_at
  ),

  followed AS (
    SELECT
      *,
      LAG(provider_id) OVER (PARTITION BY service_date, vehicle_id ORDER BY seen_at) AS provider_before
    FROM seen
  ),

  change AS (
    SELECT service_date, vehicle_id, seen_at AS first_seen_at, provider_id
    FROM followed
    WHERE provider_before IS NULL OR provider_before != provider_id
  ),

  stored AS (
    SELECT service_date, vehicle_id, first_seen_at
    FROM `{silver}.vehicle_day`
    WHERE {bounds service_date}
  )

  -- A row that no longer holds stays, without its company, until its trips are restated in gold.
  SELECT
    COALESCE(change.service_date, stored.service_date) AS service_date,
    COALESCE(change.vehicle_id, stored.vehicle_id) AS vehicle_id,
    COALESCE(change.first_seen_at, stored.first_seen_at) AS first_seen_at,
    change.provider_id
  FROM change
  FULL JOIN stored
    ON
      change.service_date = stored.service_date
      AND change.vehicle_id = stored.vehicle_id
      AND change.first_seen_at = stored.first_seen_at
) AS source
ON
  {bounds target.service_date}
  AND target.service_date = source.service_date
  AND target.vehicle_id = source.vehicle_id
  AND target.first_seen_at = source.first_seen_at
WHEN MATCHED AND target.provider_id IS DISTINCT FROM source.provider_id THEN
  UPDATE SET provider_id = source.provider_id
WHEN NOT MATCHED THEN
  INSERT (service_date, vehicle_id, first_seen_at, provider_id, vehicle_key)
  VALUES (source.service_date, source.vehicle_id, source.first_seen_at, source.provider_id, NULL);
