CREATE TABLE IF NOT EXISTS `{gold}.dim_provider` (
  provider_key INT64 NOT NULL OPTIONS (description = 'First 52 bits of the SHA-256 of provider_id; 0 is the unknown provider.'),
  provider_id STRING NOT NULL OPTIONS (description = 'The company that operates vehicles.'),
  provider_name STRING NOT NULL OPTIONS (description = 'Its name on the last service date that gives one; Unknown when none does.')
)
OPTIONS (description = 'One row per company that had a trip, and the unknown one.');
