-- The trips that the window touched, and those whose version of the vehicle it changed, as Power BI reads them.
MERGE `{gold}.fact_trip` AS target
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
      trip.*,
      trip.outcome = 'completed' AS is_completed,
      COALESCE(EXTRACT(HOUR FROM trip.reserved_at AT TIME ZONE {time_zone}), 24) AS hour_key,
      COALESCE(pickup.zone_key, 0) AS pickup_zone_key,
      COALESCE(dropoff.zone_key, 0) AS dropoff_zone_key,
      COALESCE(provider.provider_key, 0) AS provider_key,
      COALESCE(vehicle.vehicle_key, 0) AS vehicle_key,
      COALESCE(payment.payment_key, 0) AS payment_key,
      COALESCE(outcome.outcome_key, 0) AS outcome_key,
      TIMESTAMP_DIFF(trip.on_scene_at, trip.reserved_at, MILLISECOND) AS response,
      TIMESTAMP_DIFF(trip.started_at, trip.on_scene_at, MILLISECOND) AS wait,
      TIMESTAMP_DIFF(trip.stopped_at, trip.started_at, MILLISECOND) AS ride,
      TIMESTAMP_DIFF(trip.ended_at, trip.stopped_at, MILLISECOND) AS kerb,
      -- ISO 4217: how many minor units make one major unit.
      CASE
        WHEN trip.currency IN (
          'BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF',
          'XOF', 'XPF'
        ) THEN 1
        WHEN trip.currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000
        ELSE 100
      END AS minor_units
    FROM `{silver}.trip` AS trip
    INNER JOIN touched ON trip.trip_id = touched.trip_id AND trip.service_date = touched.service_date
    LEFT JOIN `{gold}.dim_zone` AS pickup ON trip.pickup_area = pickup.zone_key
    LEFT JOIN `{gold}.dim_zone` AS dropoff ON trip.dropoff_area = dropoff.zone_key
    LEFT JOIN `{gold}.dim_provider` AS provider ON trip.provider_id = provider.provider_id
    LEFT JOIN `{gold}.dim_vehicle` AS vehicle
      ON
        trip.vehicle_id = vehicle.vehicle_id
        AND trip.provider_id = vehicle.provider_id
        AND trip.seen_at >= vehicle.valid_from
        -- As a comparison and not as an OR, which makes the join compare every row with every row.
        AND trip.seen_at < COALESCE(vehicle.valid_to, TIMESTAMP '9999-12-31 00:00:00+00')
    LEFT JOIN `{gold}.dim_payment` AS payment ON trip.payment_type = payment.payment_type
    LEFT JOIN `{gold}.dim_outcome` AS outcome ON trip.outcome = outcome.outcome
    WHERE {bounds trip.service_date}
  )

  SELECT
    trip_id,
    service_date,
    EXTRACT(YEAR FROM service_date) * 10000
    + EXTRACT(MONTH FROM service_date) * 100
    + EXTRACT(DAY FROM service_date) AS date_key,
    hour_key,
    pickup_zone_key,
    dropoff_zone_key,
    provider_key,
    vehicle_key,
    payment_key,
    outcome_key,
    outcome,
    is_completed,
    provider_id,
    COALESCE(provider_name, 'Unknown') AS provider_name,
    vehicle_id,
    COALESCE(payment_type, 'unknown') AS payment_type,
    reserved_at,
    on_scene_at,
    started_at,
    stopped_at,
    ended_at,
    cancelled_at,
    IF(response >= 0, DIV(response, 1000), NULL) AS response_seconds,
    IF(wait >= 0, DIV(wait, 1000), NULL) AS wait_seconds,
    IF(ride >= 0, DIV(ride, 1000), NULL) AS ride_seconds,
    IF(kerb >= 0, DIV(kerb, 1000), NULL) AS kerb_seconds,
    distance_metres,
    ROUND(CAST(distance_metres AS NUMERIC) / NUMERIC '1609.344', 2) AS distance_miles,
    duration_seconds,
    COALESCE(currency, 'XXX') AS currency,
    CAST(base_fare AS NUMERIC) / minor_units AS base_fare,
    CAST(tolls AS NUMERIC) / minor_units AS tolls,
    CAST(extras AS NUMERIC) / minor_units AS extras,
    CAST(tip AS NUMERIC) / minor_units AS tip,
    CAST(total AS NUMERIC) / minor_units AS total,
    CAST(IF(is_completed, COALESCE(total, 0), 0) AS NUMERIC) / minor_units AS revenue,
    IF(is_completed, COALESCE(total, 0), 0) AS revenue_minor_units,
    version,
    is_restated,
    is_late,
    is_completed AND COALESCE(distance_metres = 0, FALSE) AS has_zero_distance,
    is_completed AND distance_metres IS NULL AS has_missing_distance,
    is_completed AND COALESCE(duration_seconds = 0, FALSE) AS has_zero_duration,
    is_completed AND duration_seconds IS NULL AS has_missing_duration,
    is_completed AND COALESCE(base_fare <= 0, FALSE) AS has_nonpositive_fare,
    -- 100 miles an hour are 44.704 metres a second.
    is_completed
    AND COALESCE(duration_seconds > 0 AND distance_metres * 1000 > duration_seconds * 44704, FALSE)
      AS has_implausible_speed,
    COALESCE(response < 0, FALSE)
    OR COALESCE(wait < 0, FALSE)
    OR COALESCE(ride < 0, FALSE)
    OR COALESCE(kerb < 0, FALSE) AS has_disordered_times,
    provider_name IS NULL AS has_missing_provider,
    pickup_zone_key = 0 AS has_missing_pickup_area,
    is_completed AND dropoff_zone_key = 0 AS has_missing_dropoff_area
  FROM told
) AS source
ON
  {bounds target.service_date}
  AND target.service_date = source.service_date
  AND target.trip_id = source.trip_id
WHEN MATCHED THEN
  UPDATE SET
    date_key = source.date_key,
    hour_key = source.hour_key,
    pickup_zone_key = source.pickup_zone_key,
    dropoff_zone_key = source.dropoff_zone_key,
    provider_key = source.provider_key,
    vehicle_key = source.vehicle_key,
    payment_key = source.payment_key,
    outcome_key = source.outcome_key,
    outcome = source.outcome,
    is_completed = source.is_completed,
    provider_id = source.provider_id,
    provider_name = source.provider_name,
    vehicle_id = source.vehicle_id,
    payment_type = source.payment_type,
    reserved_at = source.reserved_at,
    on_scene_at = source.on_scene_at,
    started_at = source.started_at,
    stopped_at = source.stopped_at,
    ended_at = source.ended_at,
    cancelled_at = source.cancelled_at,
    response_seconds = source.response_seconds,
    wait_seconds = source.wait_seconds,
    ride_seconds = source.ride_seconds,
    kerb_seconds = source.kerb_seconds,
    distance_metres = source.distance_metres,
    distance_miles = source.distance_miles,
    duration_seconds = source.duration_seconds,
    currency = source.currency,
    base_fare = source.base_fare,
    tolls = source.tolls,
    extras = source.extras,
    tip = source.tip,
    total = source.total,
    revenue = source.revenue,
    revenue_minor_units = source.revenue_minor_units,
    version = source.version,
    is_restated = source.is_restated,
    is_late = source.is_late,
    has_zero_distance = source.has_zero_distance,
    has_missing_distance = source.has_missing_distance,
    has_zero_duration = source.has_zero_duration,
    has_missing_duration = source.has_missing_duration,
    has_nonpositive_fare = source.has_nonpositive_fare,
    has_implausible_speed = source.has_implausible_speed,
    has_disordered_times = source.has_disordered_times,
    has_missing_provider = source.has_missing_provider,
    has_missing_pickup_area = source.has_missing_pickup_area,
    has_missing_dropoff_area = source.has_missing_dropoff_area
WHEN NOT MATCHED THEN
  INSERT (
    trip_id, service_date, date_key, hour_key, pickup_zone_key, dropoff_zone_key, provider_key, vehicle_key,
    payment_key, outcome_key, outcome, is_completed, provider_id, provider_name, vehicle_id, payment_type,
    reserved_at, on_scene_at, started_at, stopped_at, ended_at, cancelled_at, response_seconds,
    wait_seconds, ride_seconds, kerb_seconds, distance_metres, distance_miles, duration_seconds, currency,
    base_fare, tolls, extras, tip, total, revenue, revenue_minor_units, version, is_restated, is_late,
    has_zero_distance, has_missing_distance, has_zero_duration, has_missing_duration, has_nonpositive_fare,
    has_implausible_speed, has_disordered_times, has_missing_provider, has_missing_pickup_area,
    has_missing_dropoff_area
  )
  VALUES (
    source.trip_id, source.service_date, source.date_key, source.hour_key, source.pickup_zone_key,
    source.dropoff_zone_key, source.provider_key, source.vehicle_key, source.payment_key,
    source.outcome_key, source.outcome, source.is_completed, source.provider_id, source.provider_name,
    source.vehicle_id, source.payment_type, source.reserved_at, source.on_scene_at, source.started_at,
    source.stopped_at, source.ended_at, source.cancelled_at, source.response_seconds, source.wait_seconds,
    source.ride_seconds, source.kerb_seconds, source.distance_metres, source.distance_miles,
    source.duration_seconds, source.currency, source.base_fare, source.tolls, source.extras, source.tip,
    source.total, source.revenue, source.revenue_minor_units, source.version, source.is_restated,
    source.is_late, source.has_zero_distance, source.has_missing_distance, source.has_zero_duration,
    source.has_missing_duration, source.has_nonpositive_fare, source.has_implausible_speed,
    source.has_disordered_times, source.has_missing_provider, source.has_missing_pickup_area,
    source.has_missing_dropoff_area
  );
