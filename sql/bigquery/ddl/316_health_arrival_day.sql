CREATE TABLE IF NOT EXISTS `{gold}.health_arrival_day` (
  day DATE NOT NULL OPTIONS (description = 'UTC day on which the events arrived at the broker.'),
  landed INT64 NOT NULL OPTIONS (description = 'Events of loaded windows that the lake has of the day.'),
  accepted INT64 NOT NULL OPTIONS (description = 'Those that keep the contract, by the ledger.'),
  rejected INT64 NOT NULL OPTIONS (description = 'Those that break it, by the ledger.'),
  rejected_events INT64 NOT NULL OPTIONS (description = 'Rows of bronze.rejected_event.'),
  difference INT64 NOT NULL OPTIONS (description = 'What landed and accepted + rejected, and what both counts of rejected events are apart; 0 closes the books.'),
  checked_at TIMESTAMP NOT NULL OPTIONS (description = 'When it was compared, UTC.')
)
OPTIONS (description = 'One row per day of arrival: its books, as they were found last.');
