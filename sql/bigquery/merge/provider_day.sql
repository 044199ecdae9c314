-- The companies of the window's days, computed again from all trips of those days: whole partitions are replaced.
MERGE `{silver}.provider_day` AS target
USING (
  SELECT service_date, provider_id, provider_name
  FROM `{silver}.trip`
  WHERE {bounds service_date}
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY service_date, provider_id
      ORDER BY provider_name IS NULL, seen_at DESC, provider_name
    ) = 1
) AS source
ON FALSE
WHEN NOT MATCHED BY TARGET THEN
  INSERT (service_date, provider_id, provider_name)
  VALUES (source.service_date, source.provider_id, source.provider_name)
WHEN NOT MATCHED BY SOURCE AND {bounds target.service_date} THEN
  DELETE;
