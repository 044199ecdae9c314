CREATE TABLE IF NOT EXISTS `{silver}.provider_day` (
  service_date DATE NOT NULL OPTIONS (description = 'Local day on which the trips were reserved; the partition.'),
  provider_id STRING NOT NULL OPTIONS (description = 'A company that had trips on the day.'),
  provider_name STRING OPTIONS (description = 'Its name by the last trip of the day that gives one.')
)
PARTITION BY service_date
OPTIONS (description = 'One row per company and service date: what dim_provider is made from, so that no fact is read for it.');
