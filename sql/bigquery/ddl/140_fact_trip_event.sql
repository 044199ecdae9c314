CREATE TABLE IF NOT EXISTS `{gold}.fact_trip_event` (
  event_id STRING NOT NULL OPTIONS (description = 'Identifies the event within its trip.'),
  service_date DATE NOT NULL OPTIONS (description = 'Local day on which the trip was reserved; the partition.'),
  trip_id STRING NOT NULL OPTIONS (description = 'The trip that the event belongs to: fact_trip.'),
  date_key INT64 NOT NULL OPTIONS (description = 'service_date as yyyymmdd: dim_date.'),
  hour_key INT64 NOT NULL OPTIONS (description = 'Local hour of occurred_at: dim_hour.'),
  zone_key INT64 NOT NULL OPTIONS (description = 'Drop-off area of trip_stop and trip_end, pick-up area of all others: dim_zone, 0 when unknown.'),
  provider_key INT64 NOT NULL OPTIONS (description = 'The company of the trip: dim_provider.'),
  vehicle_key INT64 NOT NULL OPTIONS (description = 'The vehicle of the trip as it was then: dim_vehicle.'),
  event_type STRING NOT NULL OPTIONS (description = 'What happened; several types of one event are joined by +.'),
  occurred_at TIMESTAMP NOT NULL OPTIONS (description = 'When it happened, UTC.'),
  published_at TIMESTAMP NOT NULL OPTIONS (description = 'When the provider published it, UTC.'),
  arrived_at TIMESTAMP NOT NULL OPTIONS (description = 'When the broker received it, UTC.'),
  is_late BOOL NOT NULL OPTIONS (description = 'Whether it was published more than a minute after it happened.')
)
PARTITION BY service_date
CLUSTER BY trip_id, event_id
OPTIONS (description = 'One row per event, by its newest version: what happened to a trip, where, and how late it was told.');
