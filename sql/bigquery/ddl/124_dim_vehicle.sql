CREATE TABLE IF NOT EXISTS `{gold}.dim_vehicle` (
  vehicle_key INT64 NOT NULL OPTIONS (description = 'First 52 bits of the SHA-256 of vehicle_id/provider_id/n, where the vehicle drives for the provider for the n-th time; 0 is the unknown vehicle.'),
  vehicle_id STRING NOT NULL OPTIONS (description = 'The public number of the vehicle.'),
  version INT64 NOT NULL OPTIONS (description = 'Which version of the vehicle it is, from 1; 0 for the unknown vehicle.'),
  provider_id STRING NOT NULL OPTIONS (description = 'The company that it drives for in this version.'),
  provider_key INT64 NOT NULL OPTIONS (description = 'The same company: dim_provider.'),
  valid_from TIMESTAMP NOT NULL OPTIONS (description = 'Its first trip in this version, UTC.'),
  valid_to TIMESTAMP OPTIONS (description = 'Its first trip in the next version, UTC; NULL while there is none.'),
  is_current BOOL NOT NULL OPTIONS (description = 'Whether it is the newest version of the vehicle.')
)
OPTIONS (description = 'One row per vehicle and unbroken time with one company (slowly changing, type 2), and the unknown vehicle.');
