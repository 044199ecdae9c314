-- The newest version of each event of the window wins over an older one that stands already. An event belongs to its
-- trip: the same id in another trip is another event, so that no trip depends on what another one's events say.
MERGE `{silver}.trip_event` AS target
USING (
  SELECT *
  FROM `{staging_event}`
  WHERE {bounds service_date}
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY event_id, trip_id, service_date
      ORDER BY published_at DESC, kafka_partition DESC, kafka_offset DESC, kafka_topic DESC
    ) = 1
) AS source
ON
  {bounds target.service_date}
  AND target.service_date = source.service_date
  AND target.trip_id = source.trip_id
  AND target.event_id = source.event_id
WHEN MATCHED AND (
  source.published_at > target.published_at
  OR (source.published_at = target.published_at AND source.kafka_partition > target.kafka_partition)
  OR (
    source.published_at = target.published_at
    AND source.kafka_partition = target.kafka_partition
    AND source.kafka_offset > target.kafka_offset
  )
  OR (
    source.published_at = target.published_at
    AND source.kafka_partition = target.kafka_partition
    AND source.kafka_offset = target.kafka_offset
    AND source.kafka_topic > target.kafka_topic
  )
) THEN
  UPDATE SET
    event_types = source.event_types,
    vehicle_state = source.vehicle_state,
    occurred_at = source.occurred_at,
    published_at = source.published_at,
    provider_id = source.provider_id,
    provider_name = source.provider_name,
    device_id = source.device_id,
    vehicle_id = source.vehicle_id,
    latitude = source.latitude,
    longitude = source.longitude,
    pickup_area = source.pickup_area,
    dropoff_area = source.dropoff_area,
    distance_metres = source.distance_metres,
    duration_seconds = source.duration_seconds,
    currency = source.currency,
    payment_type = source.payment_type,
    base_fare = source.base_fare,
    tolls = source.tolls,
    extras = source.extras,
    tip = source.tip,
    total = source.total,
    schema_version = source.schema_version,
    fingerprint = source.fingerprint,
    arrived_at = source.arrived_at,
    kafka_topic = source.kafka_topic,
    kafka_partition = source.kafka_partition,
    kafka_offset = source.kafka_offset
WHEN NOT MATCHED THEN
  INSERT (
    event_id, service_date, trip_id, event_types, vehicle_state, occurred_at, published_at, provider_id,
    provider_name, device_id, vehicle_id, latitude, longitude, pickup_area, dropoff_area, distance_metres,
    duration_seconds, currency, payment_type, base_fare, tolls, extras, tip, total, schema_version,
    fingerprint, arrived_at, kafka_topic, kafka_partition, kafka_offset
  )
  VALUES (
    source.event_id, source.service_date, source.trip_id, source.event_types, source.vehicle_state,
    source.occurred_at, source.published_at, source.provider_id, source.provider_name, source.device_id,
    source.vehicle_id, source.latitude, source.longitude, source.pickup_area, source.dropoff_area,
    source.distance_metres, source.duration_seconds, source.currency, source.payment_type, source.base_fare,
    source.tolls, source.extras, source.tip, source.total, source.schema_version, source.fingerprint,
    source.arrived_at, source.kafka_topic, source.kafka_partition, source.kafka_offset
  );
