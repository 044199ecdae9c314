CREATE TABLE IF NOT EXISTS `{gold}.health_window` (
  load_id STRING NOT NULL OPTIONS (description = 'Identifies the window: control.load of the lake.'),
  offsets INT64 NOT NULL OPTIONS (description = 'Kafka offsets in the window.'),
  landed INT64 NOT NULL OPTIONS (description = 'Events that landed in it: accepted and rejected.'),
  accepted INT64 NOT NULL OPTIONS (description = 'Events that keep the contract.'),
  rejected INT64 NOT NULL OPTIONS (description = 'Events that break it.'),
  duplicate_equal INT64 NOT NULL OPTIONS (description = 'Accepted events that repeat one with the same content.'),
  duplicate_different INT64 NOT NULL OPTIONS (description = 'Accepted events that repeat one with other content.'),
  trips INT64 NOT NULL OPTIONS (description = 'Trips that it touched.'),
  staged_bytes INT64 OPTIONS (description = 'Bytes of its Parquet files; NULL when they were there before it was counted.'),
  extract_seconds FLOAT64 OPTIONS (description = 'How long extract took, seconds; NULL of a step that was done before it was timed.'),
  stage_seconds FLOAT64 OPTIONS (description = 'How long stage took, seconds.'),
  merge_seconds FLOAT64 OPTIONS (description = 'How long merge took, seconds.'),
  publish_seconds FLOAT64 OPTIONS (description = 'How long publish took, seconds.'),
  reconcile_seconds FLOAT64 OPTIONS (description = 'How long reconcile took until its books stood here, seconds.'),
  planned_at TIMESTAMP NOT NULL OPTIONS (description = 'When the window was planned, UTC.'),
  closed_at TIMESTAMP NOT NULL OPTIONS (description = 'When its books were found closed, UTC; kept for 90 days.')
)
OPTIONS (description = 'One row per window that was loaded and reconciled: how much, and how long each step took.');
