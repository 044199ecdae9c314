CREATE TABLE IF NOT EXISTS `{gold}.dim_date` (
  date_key INT64 NOT NULL OPTIONS (description = 'The day as yyyymmdd.'),
  date DATE NOT NULL OPTIONS (description = 'The day.'),
  year INT64 NOT NULL OPTIONS (description = 'Calendar year.'),
  quarter INT64 NOT NULL OPTIONS (description = 'Quarter of the year, 1-4.'),
  month INT64 NOT NULL OPTIONS (description = 'Month of the year, 1-12.'),
  month_name STRING NOT NULL OPTIONS (description = 'Name of the month, English.'),
  year_month INT64 NOT NULL OPTIONS (description = 'The month as yyyymm, to sort by.'),
  day INT64 NOT NULL OPTIONS (description = 'Day of the month, 1-31.'),
  weekday INT64 NOT NULL OPTIONS (description = 'Day of the week, 1 is Monday and 7 is Sunday (ISO 8601).'),
  weekday_name STRING NOT NULL OPTIONS (description = 'Name of the day, English.'),
  is_weekend BOOL NOT NULL OPTIONS (description = 'Whether it is Saturday or Sunday.')
)
OPTIONS (description = 'One row per calendar day, dense: whole years from the first to the last service date.');
