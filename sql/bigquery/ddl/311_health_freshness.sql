CREATE TABLE IF NOT EXISTS `{gold}.health_freshness` (
  store STRING NOT NULL OPTIONS (description = 'kafka, lake, silver and gold: when their newest event arrived at the broker; event time: when the newest event of gold happened.'),
  newest_at TIMESTAMP OPTIONS (description = 'The newest event there, UTC; NULL while there is none.'),
  age_seconds INT64 OPTIONS (description = 'Its age when it was checked, seconds.'),
  checked_at TIMESTAMP NOT NULL OPTIONS (description = 'When it was checked, UTC.')
)
OPTIONS (description = 'One row per store: how old its newest event was when it was checked last.');
