-- Trips that differ between two warehouses, those with the most money first; in minor units.
WITH compared AS (
  SELECT
    COALESCE(after.trip_id, before.trip_id) AS trip_id,
    COALESCE(after.service_date, before.service_date) AS service_date,
    CASE
      WHEN before.trip_id IS NULL THEN 'added'
      WHEN after.trip_id IS NULL THEN 'gone'
      ELSE 'changed'
    END AS change,
    IF(before.outcome = 'completed', COALESCE(before.total, 0), 0) AS revenue_before,
    IF(after.outcome = 'completed', COALESCE(after.total, 0), 0) AS revenue_after,
    CONCAT(
      IF(before.outcome IS DISTINCT FROM after.outcome, 'outcome ', ''),
      IF(before.provider_id IS DISTINCT FROM after.provider_id, 'provider_id ', ''),
      IF(before.provider_name IS DISTINCT FROM after.provider_name, 'provider_name ', ''),
      IF(before.vehicle_id IS DISTINCT FROM after.vehicle_id, 'vehicle_id ', ''),
      IF(before.device_id IS DISTINCT FROM after.device_id, 'device_id ', ''),
      IF(before.reserved_at IS DISTINCT FROM after.reserved_at, 'reserved_at ', ''),
      IF(before.on_scene_at IS DISTINCT FROM after.on_scene_at, 'on_scene_at ', ''),
      IF(before.started_at IS DISTINCT FROM after.started_at, 'started_at ', ''),
      IF(before.stopped_at IS DISTINCT FROM after.stopped_at, 'stopped_at ', ''),
      IF(before.ended_at IS DISTINCT FROM after.ended_at, 'ended_at ', ''),
      IF(before.cancelled_at IS DISTINCT FROM after.cancelled_at, 'cancelled_at ', ''),
      IF(before.voided_at IS DISTINCT FROM after.voided_at, 'voided_at ', ''),
      IF(before.seen_at IS DISTINCT FROM after.seen_at, 'seen_at ', ''),
      IF(before.pickup_area IS DISTINCT FROM after.pickup_area, 'pickup_area ', ''),
      IF(before.dropoff_area IS DISTINCT FROM after.dropoff_area, 'dropoff_area ', ''),
      IF(before.pickup_latitude IS DISTINCT FROM after.pickup_latitude, 'pickup_latitude ', ''),
      IF(before.pickup_longitude IS DISTINCT FROM after.pickup_longitude, 'pickup_longitude ', ''),
      IF(before.dropoff_latitude IS DISTINCT FROM after.dropoff_latitude, 'dropoff_latitude ', ''),
      IF(before.dropoff_longitude IS DISTINCT FROM after.dropoff_longitude, 'dropoff_longitude ', ''),
      IF(before.distance_metres IS DISTINCT FROM after.distance_metres, 'distance_metres ', ''),
      IF(before.duration_seconds IS DISTINCT FROM after.duration_seconds, 'duration_seconds ', ''),
      IF(before.currency IS DISTINCT FROM after.currency, 'currency ', ''),
      IF(before.payment_type IS DISTINCT FROM after.payment_type, 'payment_type ', ''),
      IF(before.base_fare IS DISTINCT FROM after.base_fare, 'base_fare ', ''),
      IF(before.tolls IS DISTINCT FROM after.tolls, 'tolls ', ''),
      IF(before.extras IS DISTINCT FROM after.extras, 'extras ', ''),
      IF(before.tip IS DISTINCT FROM after.tip, 'tip ', ''),
      IF(before.total IS DISTINCT FROM after.total, 'total ', ''),
      IF(before.events IS DISTINCT FROM after.events, 'events ', ''),
      IF(before.version IS DISTINCT FROM after.version, 'version ', ''),
      IF(before.is_restated IS DISTINCT FROM after.is_restated, 'is_restated ', ''),
      IF(before.is_late IS DISTINCT FROM after.is_late, 'is_late ', '')
    ) AS differing
  FROM `{before}` AS before
  FULL JOIN `{after}` AS after ON before.trip_id = after.trip_id AND before.service_date = after.service_date
)

SELECT
  trip_id,
  service_date,
  change,
  IF(change = 'changed', RTRIM(differing), '') AS columns_changed,
  COALESCE(revenue_before, 0) AS revenue_before,
  COALESCE(revenue_after, 0) AS revenue_after
FROM compared
WHERE change != 'changed' OR differing != ''
ORDER BY ABS(COALESCE(revenue_after, 0) - COALESCE(revenue_before, 0)) DESC, service_date, trip_id;
