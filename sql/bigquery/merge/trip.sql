-- Every trip that the window touched, computed again from all its events.
MERGE `{silver}.trip` AS target
USING (
  WITH touched AS (
    SELECT DISTINCT trip_id, service_date
    FROM `{staging_event}`
    WHERE {bounds service_date}
  ),

  event AS (
    SELECT
      event.*,
      'reservation_start' IN UNNEST(event.event_types) AS is_reservation_start,
      'reservation_stop' IN UNNEST(event.event_types) AS is_reservation_stop,
      'trip_start' IN UNNEST(event.event_types) AS is_trip_start,
      'trip_stop' IN UNNEST(event.event_types) AS is_trip_stop,
      'trip_end' IN UNNEST(event.event_types) AS is_trip_end,
      'passenger_cancellation' IN UNNEST(event.event_types) AS is_passenger_cancellation,
      'driver_cancellation' IN UNNEST(event.event_types) AS is_driver_cancellation,
      'provider_cancellation' IN UNNEST(event.event_types) AS is_provider_cancellation,
      'trip_voided' IN UNNEST(event.event_types) AS is_trip_voided,
      -- A fare on another event is a quote, not a charge; each of these two must have one.
      'trip_end' IN UNNEST(event.event_types) OR 'fare_adjusted' IN UNNEST(event.event_types) AS is_fare,
      'fare_adjusted' IN UNNEST(event.event_types) OR 'trip_voided' IN UNNEST(event.event_types) AS is_correction,
      ROW_NUMBER() OVER (
        PARTITION BY event.trip_id, event.service_date
        ORDER BY event.published_at, event.kafka_partition, event.kafka_offset, event.kafka_topic
      ) AS recency
    FROM `{silver}.trip_event` AS event
    INNER JOIN touched ON event.trip_id = touched.trip_id AND event.service_date = touched.service_date
    WHERE {bounds event.service_date}
  ),

  -- Field by field, the newest event that says something wins; MAX_BY passes over rows whose second value is NULL.
  told AS (
    SELECT
      trip_id,
      service_date,
      MAX_BY(provider_id, recency) AS provider_id,
      MAX_BY(vehicle_id, recency) AS vehicle_id,
      MAX_BY(device_id, recency) AS device_id,
      MAX_BY(provider_name, IF(provider_name IS NOT NULL, recency, NULL)) AS provider_name,
      MAX_BY(occurred_at, IF(is_reservation_start, recency, NULL)) AS reserved_at,
      MAX_BY(occurred_at, IF(is_reservation_stop, recency, NULL)) AS on_scene_at,
      MAX_BY(occurred_at, IF(is_trip_start, recency, NULL)) AS started_at,
      MAX_BY(occurred_at, IF(is_trip_stop, recency, NULL)) AS stopped_at,
      MAX_BY(occurred_at, IF(is_trip_end, recency, NULL)) AS ended_at,
      MAX_BY(occurred_at, IF(is_passenger_cancellation, recency, NULL)) AS passenger_cancelled_at,
      MAX_BY(occurred_at, IF(is_driver_cancellation, recency, NULL)) AS driver_cancelled_at,
      MAX_BY(occurred_at, IF(is_provider_cancellation, recency, NULL)) AS provider_cancelled_at,
      MAX_BY(occurred_at, IF(is_trip_voided, recency, NULL)) AS voided_at,
      MAX_BY(pickup_area, IF(pickup_area IS NOT NULL, recency, NULL)) AS pickup_area,
      MAX_BY(dropoff_area, IF(dropoff_area IS NOT NULL, recency, NULL)) AS dropoff_area,
      MAX_BY(distance_metres, IF(distance_metres IS NOT NULL, recency, NULL)) AS distance_metres,
      MAX_BY(duration_seconds, IF(duration_seconds IS NOT NULL, recency, NULL)) AS duration_seconds,
      MAX_BY(latitude, IF(is_trip_start AND latitude IS NOT NULL, recency, NULL)) AS pickup_latitude,
      MAX_BY(longitude, IF(is_trip_start AND longitude IS NOT NULL, recency, NULL)) AS pickup_longitude,
      MAX_BY(latitude, IF(is_trip_stop AND latitude IS NOT NULL, recency, NULL)) AS dropoff_latitude,
      MAX_BY(longitude, IF(is_trip_stop AND longitude IS NOT NULL, recency, NULL)) AS dropoff_longitude,
      MAX_BY(currency, IF(is_fare, recency, NULL)) AS currency,
      MAX_BY(payment_type, IF(is_fare, recency, NULL)) AS payment_type,
      MAX_BY(base_fare, IF(is_fare, recency, NULL)) AS base_fare,
      MAX_BY(tolls, IF(is_fare, recency, NULL)) AS tolls,
      MAX_BY(extras, IF(is_fare, recency, NULL)) AS extras,
      MAX_BY(tip, IF(is_fare, recency, NULL)) AS tip,
      MAX_BY(total, IF(is_fare, recency, NULL)) AS total,
      COUNT(*) AS events,
      COUNTIF(is_correction) AS corrections,
      COUNTIF(TIMESTAMP_DIFF(published_at, occurred_at, MILLISECOND) > 60000) AS late_events
    FROM event
    GROUP BY trip_id, service_date
  )

  SELECT
    *,
    CASE
      WHEN voided_at IS NOT NULL THEN 'voided'
      WHEN ended_at IS NOT NULL THEN 'completed'
      WHEN passenger_cancelled_at IS NOT NULL THEN 'cancelled_by_passenger'
      WHEN driver_cancelled_at IS NOT NULL THEN 'cancelled_by_driver'
      WHEN provider_cancelled_at IS NOT NULL THEN 'cancelled_by_provider'
      ELSE 'open'
    END AS outcome,
    COALESCE(passenger_cancelled_at, driver_cancelled_at, provider_cancelled_at) AS cancelled_at,
    -- Whatever a clock says, the trips of one day come before those of the next.
    GREATEST(
      TIMESTAMP(service_date, {time_zone}),
      LEAST(
        TIMESTAMP_SUB(TIMESTAMP(DATE_ADD(service_date, INTERVAL 1 DAY), {time_zone}), INTERVAL 1 MICROSECOND),
        COALESCE(
          reserved_at, on_scene_at, started_at, stopped_at, ended_at, passenger_cancelled_at, driver_cancelled_at,
          provider_cancelled_at, TIMESTAMP(service_date, {time_zone})
        )
      )
    ) AS seen_at,
    1 + corrections AS version,
    corrections > 0 AS is_restated,
    late_events > 0 AS is_late
  FROM told
) AS source
ON
  {bounds target.service_date}
  AND target.service_date = source.service_date
  AND target.trip_id = source.trip_id
WHEN MATCHED THEN
  UPDATE SET
    outcome = source.outcome,
    provider_id = source.provider_id,
    provider_name = source.provider_name,
    vehicle_id = source.vehicle_id,
    device_id = source.device_id,
    reserved_at = source.reserved_at,
    on_scene_at = source.on_scene_at,
    started_at = source.started_at,
    stopped_at = source.stopped_at,
    ended_at = source.ended_at,
    cancelled_at = source.cancelled_at,
    voided_at = source.voided_at,
    seen_at = source.seen_at,
    pickup_area = source.pickup_area,
    dropoff_area = source.dropoff_area,
    pickup_latitude = source.pickup_latitude,
    pickup_longitude = source.pickup_longitude,
    dropoff_latitude = source.dropoff_latitude,
    dropoff_longitude = source.dropoff_longitude,
    distance_metres = source.distance_metres,
    duration_seconds = source.duration_seconds,
    currency = source.currency,
    payment_type = source.payment_type,
    base_fare = source.base_fare,
    tolls = source.tolls,
    extras = source.extras,
    tip = source.tip,
    total = source.total,
    events = source.events,
    version = source.version,
    is_restated = source.is_restated,
    is_late = source.is_late
WHEN NOT MATCHED THEN
  INSERT (
    trip_id, service_date, outcome, provider_id, provider_name, vehicle_id, device_id, reserved_at,
    on_scene_at, started_at, stopped_at, ended_at, cancelled_at, voided_at, seen_at, pickup_area, dropoff_area,
    pickup_latitude, pickup_longitude, dropoff_latitude, dropoff_longitude, distance_metres, duration_seconds,
    currency, payment_type, base_fare, tolls, extras, tip, total, events, version, is_restated, is_late
  )
  VALUES (
    source.trip_id, source.service_date, source.outcome, source.provider_id, source.provider_name,
    source.vehicle_id, source.device_id, source.reserved_at, source.on_scene_at, source.started_at,
    source.stopped_at, source.ended_at, source.cancelled_at, source.voided_at, source.seen_at,
    source.pickup_area, source.dropoff_area, source.pickup_latitude, source.pickup_longitude, source.dropoff_latitude,
    source.dropoff_longitude, source.distance_metres, source.duration_seconds, source.currency,
    source.payment_type, source.base_fare, source.tolls, source.extras, source.tip, source.total,
    source.events, source.version, source.is_restated, source.is_late
  );
