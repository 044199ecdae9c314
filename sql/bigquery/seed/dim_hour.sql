-- The hours of the day, and the unknown hour of a trip that nobody saw reserved.
MERGE `{gold}.dim_hour` AS target
USING (
  SELECT
    hour AS hour_key,
    FORMAT('%02d:00', hour) AS hour_label,
    CASE DIV(hour, 6) WHEN 0 THEN 'Night' WHEN 1 THEN 'Morning' WHEN 2 THEN 'Afternoon' ELSE 'Evening' END AS day_part
  FROM UNNEST(GENERATE_ARRAY(0, 23)) AS hour
  UNION ALL
  SELECT 24, 'Unknown', 'Unknown'
) AS source
ON target.hour_key = source.hour_key
WHEN MATCHED THEN
  UPDATE SET hour_label = source.hour_label, day_part = source.day_part
WHEN NOT MATCHED BY TARGET THEN
  INSERT (hour_key, hour_label, day_part)
  VALUES (source.hour_key, source.hour_label, source.day_part)
WHEN NOT MATCHED BY SOURCE THEN
  DELETE;
