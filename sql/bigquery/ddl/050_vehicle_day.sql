CREATE TABLE IF NOT EXISTS `{silver}.vehicle_day` (
  service_date DATE NOT NULL OPTIONS (description = 'Local day on which the trips were reserved; the partition.'),
  vehicle_id STRING NOT NULL OPTIONS (description = 'The public number of the vehicle.'),
  first_seen_at TIMESTAMP NOT NULL OPTIONS (description = 'Since when, on this day, the vehicle had trips for the provider, UTC.'),
  provider_id STRING OPTIONS (description = 'The company; NULL when newer events say that there was no such change.'),
  vehicle_key INT64 OPTIONS (description = 'The version of the vehicle that these trips carry in gold; NULL until they are published.')
)
PARTITION BY service_date
CLUSTER BY vehicle_id
OPTIONS (description = 'One row per vehicle, service date and change of provider: what dim_vehicle is made from, so that no fact is read for it.');
