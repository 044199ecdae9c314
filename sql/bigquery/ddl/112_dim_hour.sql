CREATE TABLE IF NOT EXISTS `{gold}.dim_hour` (
  hour_key INT64 NOT NULL OPTIONS (description = 'Hour of the day, 0-23, local time of the city; 24 is the unknown hour.'),
  hour_label STRING NOT NULL OPTIONS (description = 'When the hour begins, 08:00.'),
  day_part STRING NOT NULL OPTIONS (description = 'Night, Morning, Afternoon or Evening, six hours each.')
)
OPTIONS (description = 'One row per hour of the day, and the unknown hour.');
