CREATE TABLE IF NOT EXISTS `{gold}.health_check` (
  checked_on DATE NOT NULL OPTIONS (description = 'UTC day of checked_at: of a day the last state is kept, and 90 days.'),
  check_name STRING NOT NULL OPTIONS (description = 'What is asked, after its kind.'),
  kind STRING NOT NULL OPTIONS (description = 'freshness, volume, uniqueness, references, consistency, ranges, rules or books.'),
  status STRING NOT NULL OPTIONS (description = 'green, red, silent (too little to judge, or nobody to ask) or reported (a business rule, never red).'),
  observed FLOAT64 OPTIONS (description = 'What was found: rows, trips or seconds.'),
  expected_lower FLOAT64 OPTIONS (description = 'The least that is green; NULL without a bound.'),
  expected_upper FLOAT64 OPTIONS (description = 'The most that is green; NULL without a bound.'),
  detail STRING NOT NULL OPTIONS (description = 'What it means, or where to look.'),
  checked_at TIMESTAMP NOT NULL OPTIONS (description = 'When it was checked, UTC.')
)
OPTIONS (description = 'One row per day and check of data quality.');
