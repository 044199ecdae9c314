CREATE TABLE IF NOT EXISTS `{gold}.health_service_day` (
  service_date DATE NOT NULL OPTIONS (description = 'Local day on which the trips were reserved.'),
  accepted INT64 NOT NULL OPTIONS (description = 'Events that windows brought, by the ledger.'),
  duplicates INT64 NOT NULL OPTIONS (description = 'Those that repeat one that was seen before, by the ledger.'),
  events INT64 NOT NULL OPTIONS (description = 'Rows of silver.trip_event.'),
  fact_events INT64 NOT NULL OPTIONS (description = 'Rows of gold.fact_trip_event.'),
  trips INT64 NOT NULL OPTIONS (description = 'Rows of silver.trip.'),
  fact_trips INT64 NOT NULL OPTIONS (description = 'Rows of gold.fact_trip.'),
  hour_trips INT64 NOT NULL OPTIONS (description = 'Trips of gold.agg_zone_hour.'),
  revenue_minor_units INT64 NOT NULL OPTIONS (description = 'Revenue of silver.trip.'),
  fact_revenue_minor_units INT64 NOT NULL OPTIONS (description = 'Revenue of gold.fact_trip.'),
  hour_revenue_minor_units INT64 NOT NULL OPTIONS (description = 'Revenue of gold.agg_zone_hour.'),
  difference INT64 NOT NULL OPTIONS (description = 'The sum of what two figures that must agree are apart; 0 closes the books.'),
  checked_at TIMESTAMP NOT NULL OPTIONS (description = 'When it was compared, UTC.')
)
OPTIONS (description = 'One row per service date: its books, as they were found last.');
