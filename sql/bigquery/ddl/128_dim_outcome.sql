CREATE TABLE IF NOT EXISTS `{gold}.dim_outcome` (
  outcome_key INT64 NOT NULL OPTIONS (description = 'Number of the outcome; 0 is the unknown one.'),
  outcome STRING NOT NULL OPTIONS (description = 'How the trip ended, as silver.trip calls it.'),
  outcome_name STRING NOT NULL OPTIONS (description = 'How the trip ended, to read.'),
  is_cancelled BOOL NOT NULL OPTIONS (description = 'Whether passenger, driver or provider cancelled it.')
)
OPTIONS (description = 'One row per outcome of a trip, and the unknown one.');
