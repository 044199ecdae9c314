CREATE TABLE IF NOT EXISTS `{gold}.health_rejected` (
  day DATE NOT NULL OPTIONS (description = 'UTC day on which the events arrived; the partition.'),
  reason STRING NOT NULL OPTIONS (description = 'Rule of the contract that they break: a RejectionReason.'),
  events INT64 NOT NULL OPTIONS (description = 'Events that stand in bronze.rejected_event.')
)
PARTITION BY day
OPTIONS (description = 'One row per day and reason for which events broke the contract.');
