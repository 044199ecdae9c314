CREATE TABLE IF NOT EXISTS `{gold}.forecast_zone_hour` (
  service_date DATE NOT NULL OPTIONS (description = 'Local day that is predicted: one of the seven after the newest complete one.'),
  hour_key INT64 NOT NULL OPTIONS (description = 'Local hour in which the trips will be reserved: dim_hour, never the unknown one.'),
  zone_key INT64 NOT NULL OPTIONS (description = 'Where the rides will begin: dim_zone, 0 for those that do not say.'),
  forecast_trips FLOAT64 NOT NULL OPTIONS (description = 'Trips expected, whatever becomes of them; a mean, so hardly ever a whole number.'),
  lower_trips FLOAT64 NOT NULL OPTIONS (description = 'Lower bound of the trips, zero or more.'),
  upper_trips FLOAT64 NOT NULL OPTIONS (description = 'Upper bound of the trips; at least TRIPLINE_FORECAST_COVERAGE of the hours come to lie between the two.'),
  made_at TIMESTAMP NOT NULL OPTIONS (description = 'When the forecast was made; the same for all rows.')
)
CLUSTER BY zone_key
OPTIONS (description = 'One row per service date, hour and area of the seven days that are predicted. Holds the newest forecast alone. Not for publication, like the counts that it comes from.');
