CREATE TABLE IF NOT EXISTS `{gold}.health_dead_letter` (
  day DATE NOT NULL OPTIONS (description = 'UTC day on which the messages arrived.'),
  reason STRING NOT NULL OPTIONS (description = 'Why the lake could not hold them: a DeadLetterReason.'),
  messages INT64 NOT NULL OPTIONS (description = 'Messages that stand in raw.dead_letter of the lake.')
)
OPTIONS (description = 'One row per day and reason for which messages could not be landed.');
