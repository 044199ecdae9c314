CREATE TABLE IF NOT EXISTS `{gold}.agg_zone_hour` (
  service_date DATE NOT NULL OPTIONS (description = 'Local day on which the trips were reserved; the partition.'),
  date_key INT64 NOT NULL OPTIONS (description = 'service_date as yyyymmdd: dim_date.'),
  hour_key INT64 NOT NULL OPTIONS (description = 'Local hour in which they were reserved: dim_hour, 24 when unknown.'),
  zone_key INT64 NOT NULL OPTIONS (description = 'Where the rides began: dim_zone, 0 when unknown.'),
  trips INT64 NOT NULL OPTIONS (description = 'Trips, whatever became of them.'),
  completed INT64 NOT NULL OPTIONS (description = 'Completed trips that were not voided.'),
  cancelled INT64 NOT NULL OPTIONS (description = 'Trips cancelled by passenger, driver or provider.'),
  revenue NUMERIC(18, 4) NOT NULL OPTIONS (description = 'Sum of the revenue of completed trips, major units.'),
  revenue_minor_units INT64 NOT NULL OPTIONS (description = 'The same in minor units.')
)
PARTITION BY service_date
CLUSTER BY zone_key
OPTIONS (description = 'One row per service date, hour and pick-up area with trips. Not for publication: public_zone_hour is.');
