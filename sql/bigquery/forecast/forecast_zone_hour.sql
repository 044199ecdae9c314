-- The forecast that is staged instead of the one that stands there, at once.
MERGE `{gold}.forecast_zone_hour` AS target
USING (
  SELECT service_date, hour_key, zone_key, forecast_trips, lower_trips, upper_trips, made_at
  FROM `{staging_forecast}`
) AS source
ON FALSE
WHEN NOT MATCHED BY TARGET THEN
  INSERT (service_date, hour_key, zone_key, forecast_trips, lower_trips, upper_trips, made_at)
  VALUES (
    source.service_date, source.hour_key, source.zone_key, source.forecast_trips, source.lower_trips,
    source.upper_trips, source.made_at
  )
WHEN NOT MATCHED BY SOURCE THEN
  DELETE;
