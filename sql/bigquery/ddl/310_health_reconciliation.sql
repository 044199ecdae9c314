CREATE TABLE IF NOT EXISTS `{gold}.health_reconciliation` (
  check_name STRING NOT NULL OPTIONS (description = 'What is compared.'),
  source STRING NOT NULL OPTIONS (description = 'Where the figure comes from.'),
  source_value NUMERIC NOT NULL OPTIONS (description = 'The figure there: a count, or money in minor units.'),
  target STRING NOT NULL OPTIONS (description = 'Where the figure must arrive.'),
  target_value NUMERIC NOT NULL OPTIONS (description = 'The figure there: a count, or money in minor units.'),
  difference NUMERIC NOT NULL OPTIONS (description = 'Source less target, of books by day the sum of what the days are apart; 0 closes the books.'),
  checked_at TIMESTAMP NOT NULL OPTIONS (description = 'When it was compared, UTC.')
)
OPTIONS (description = 'One row per comparison of two stores, as it was found last.');
