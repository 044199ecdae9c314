-- Partitions of these days as they were built aside, in place of those that stand: one statement, so that a reader sees
-- all of the old ones or all of the new.
MERGE `{table}` AS target
USING (
  SELECT *
  FROM `{built}`
  WHERE {bounds service_date}
) AS source
ON FALSE
WHEN NOT MATCHED BY TARGET THEN
  INSERT ({columns})
  VALUES ({columns})
WHEN NOT MATCHED BY SOURCE AND {bounds target.service_date} THEN
  DELETE;
