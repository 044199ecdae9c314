-- The events of the trips that the window touched or whose version of the vehicle it changed.
MERGE `{gold}.fact_trip_event` AS target
USING (
  WITH touched AS (
    SELECT trip_id, service_date
    FROM `{staging_event}`
    WHERE {bounds service_date}
    UNION DISTINCT
    SELECT trip.trip_id, trip.service_date
    FROM `{silver}.trip` AS trip
    INNER JOIN `{silver}.stale_vehicle_day` AS stale
      ON trip.service_date = stale.service_date AND trip.vehicle_id = stale.vehicle_id
    WHERE {bounds trip.service_date} AND {bounds stale.service_date}
  ),

  told AS (
    SELECT
      event.*,
      fact.date_key,
      fact.provider_key,
      fact.vehicle_key,
      IF(
        'trip_stop' IN UNNEST(event.event_types) OR 'trip_end' IN UNNEST(event.event_types),
        event.dropoff_area,
        event.pickup_area
      ) AS area
    FROM `{silver}.trip_event` AS event
    INNER JOIN touched ON event.trip_id = touched.trip_id AND event.service_date = touched.service_date
    INNER JOIN `{gold}.fact_trip` AS fact ON event.trip_id = fact.trip_id AND event.service_date = fact.service_date
    WHERE {bounds event.service_date} AND {bounds fact.service_date}
  )

  SELECT
    told.event_id,
    told.service_date,
    told.trip_id,
    told.date_key,
    EXTRACT(HOUR FROM told.occurred_at AT TIME ZONE {time_zone}) AS hour_key,
    COALESCE(zone.zone_key, 0) AS zone_key,
    told.provider_key,
    told.vehicle_key,
    ARRAY_TO_STRING(told.event_types, '+') AS event_type,
    told.occurred_at,
    told.published_at,
    told.arrived_at,
    TIMESTAMP_DIFF(told.published_at, told.occurred_at, MILLISECOND) > 60000 AS is_late
  FROM told
  LEFT JOIN `{gold}.dim_zone` AS zone ON told.area = zone.zone_key
) AS source
ON
  {bounds target.service_date}
  AND target.service_date = source.service_date
  AND target.trip_id = source.trip_id
  AND target.event_id = source.event_id
WHEN MATCHED THEN
  UPDATE SET
    date_key = source.date_key,
    hour_key = source.hour_key,
    zone_key = source.zone_key,
    provider_key = source.provider_key,
    vehicle_key = source.vehicle_key,
    event_type = source.event_type,
    occurred_at = source.occurred_at,
    published_at = source.published_at,
    arrived_at = source.arrived_at,
    is_late = source.is_late
WHEN NOT MATCHED THEN
  INSERT (
    event_id, service_date, trip_id, date_key, hour_key, zone_key, provider_key, vehicle_key, event_type,
    occurred_at, published_at, arrived_at, is_late
  )
  VALUES (
    source.event_id, source.service_date, source.trip_id, source.date_key, source.hour_key, source.zone_key,
    source.provider_key, source.vehicle_key, source.event_type, source.occurred_at, source.published_at,
    source.arrived_at, source.is_late
  );
