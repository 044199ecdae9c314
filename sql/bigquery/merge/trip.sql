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
      'trip_end' IN UNNEST(event.event_types) OR 'fare_adjusted' IN UNNEST(event.event_types) AS is_fare,
      'fare_adjusted' IN UNNEST(event.event_types) OR 'trip_voided' IN UNNEST(event.event_types) AS is_correction
    FROM `{silver}.trip_event` AS event
    INNER JOIN touched ON event.trip_id = touched.trip_id AND event.service_date = touched.service_date
    WHERE {bounds event.service_date}
  ),

  -- The newest event of a trip comes last: what it says wins, field by field, over what older ones said.
  told AS (
    SELECT
      trip_id,
      service_date,
      provider_id,
      vehicle_id,
      device_id,
      LAST_VALUE(IF(is_reservation_start, occurred_at, NULL) IGNORE NULLS) OVER trip AS reserved_at,
      LAST_VALUE(IF(is_reservation_stop, occurred_at, NULL) IGNORE NULLS) OVER trip AS on_scene_at,
      LAST_VALUE(IF(is_trip_start, occurred_at, NULL) IGNORE NULLS) OVER trip AS started_at,
      LAST_VALUE(IF(is_trip_stop, occurred_at, NULL) IGNORE NULLS) OVER trip AS stopped_at,
      LAST_VALUE(IF(is_trip_end, occurred_at, NULL) IGNORE NULLS) OVER trip AS ended_at,
      LAST_VALUE(IF(is_passenger_cancellation, occurred_at, NULL) IGNORE NULLS) OVER trip AS passenger_cancelled_at,
      LAST_VALUE(IF(is_driver_cancellation, occurred_at, NULL) IGNORE NULLS) OVER trip AS driver_cancelled_at,
      LAST_VALUE(IF(is_provider_cancellation, occurred_at, NULL) IGNORE NULLS) OVER trip AS provider_cancelled_at,
      LAST_VALUE(IF(is_trip_voided, occurred_at, NULL) IGNORE NULLS) OVER trip AS voided_at,
      LAST_VALUE(provider_name IGNORE NULLS) OVER trip AS provider_name,
      LAST_VALUE(pickup_area IGNORE NULLS) OVER trip AS pickup_area,
      LAST_VALUE(dropoff_area IGNORE NULLS) OVER trip AS dropoff_area,
      LAST_VALUE(distance_metres IGNORE NULLS) OVER trip AS distance_metres,
      LAST_VALUE(duration_seconds IGNORE NULLS) OVER trip AS duration_seconds,
      LAST_VALUE(IF(is_trip_start, latitude, NULL) IGNORE NULLS) OVER trip AS pickup_latitude,
      LAST_VALUE(IF(is_trip_start, longitude, NULL) IGNORE NULLS) OVER trip AS pickup_longitude,
      LAST_VALUE(IF(is_trip_stop, latitude, NULL) IGNORE NULLS) OVER trip AS dropoff_latitude,
      LAST_VALUE(IF(is_trip_stop, longitude, NULL) IGNORE NULLS) OVER trip AS dropoff_longitude,
      LAST_VALUE(IF(is_fare, currency, NULL) IGNORE NULLS) OVER trip AS currency,
      LAST_VALUE(IF(is_fare, payment_type, NULL) IGNORE NULLS) OVER trip AS payment_type,
      LAST_VALUE(IF(is_fare, base_fare, NULL) IGNORE NULLS) OVER trip AS base_fare,
      LAST_VALUE(IF(is_fare, tolls, NULL) IGNORE NULLS) OVER trip AS tolls,
      LAST_VALUE(IF(is_fare, extras, NULL) IGNORE NULLS) OVER trip AS extras,
      LAST_VALUE(IF(is_fare, tip, NULL) IGNORE NULLS) OVER trip AS tip,
      LAST_VALUE(IF(is_fare, total, NULL) IGNORE NULLS) OVER trip AS total,
      COUNT(*) OVER trip AS events,
      SUM(IF(is_correction, 1, 0)) OVER trip AS corrections,
      SUM(IF(TIMESTAMP_DIFF(published_at, occurred_at, SECOND) > 3600, 1, 0)) OVER trip AS late_events,
      ROW_NUMBER() OVER (
        PARTITION BY trip_id, service_date
        ORDER BY published_at DESC, kafka_partition DESC, kafka_offset DESC, kafka_topic DESC
      ) AS age
    FROM event
    WINDOW trip AS (
      PARTITION BY trip_id, service_date
      ORDER BY published_at, kafka_partition, kafka_offset, kafka_topic
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    )
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
    1 + corrections AS version,
    corrections > 0 AS is_restated,
    late_events > 0 AS is_late
  FROM told
  WHERE age = 1
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
    on_scene_at, started_at, stopped_at, ended_at, cancelled_at, voided_at, pickup_area, dropoff_area,
    pickup_latitude, pickup_longitude, dropoff_latitude, dropoff_longitude, distance_metres, duration_seconds,
    currency, payment_type, base_fare, tolls, extras, tip, total, events, version, is_restated, is_late
  )
  VALUES (
    source.trip_id, source.service_date, source.outcome, source.provider_id, source.provider_name,
    source.vehicle_id, source.device_id, source.reserved_at, source.on_scene_at, source.started_at,
    source.stopped_at, source.ended_at, source.cancelled_at, source.voided_at, source.pickup_area,
    source.dropoff_area, source.pickup_latitude, source.pickup_longitude, source.dropoff_latitude,
    source.dropoff_longitude, source.distance_metres, source.duration_seconds, source.currency,
    source.payment_type, source.base_fare, source.tolls, source.extras, source.tip, source.total,
    source.events, source.version, source.is_restated, source.is_late
  );
