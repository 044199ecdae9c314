-- Trips by hour and pick-up area on the window's days, computed again: whole partitions are replaced.
MERGE `{gold}.agg_zone_hour` AS target
USING (
  SELECT
    fact.service_date,
    fact.date_key,
    fact.hour_key,
    fact.pickup_zone_key AS zone_key,
    COUNT(*) AS trips,
    COUNTIF(fact.is_completed) AS completed,
    COUNTIF(outcome.is_cancelled) AS cancelled,
    SUM(fact.revenue) AS revenue,
    SUM(fact.revenue_minor_units) AS revenue_minor_units
  FROM `{gold}.fact_trip` AS fact
  INNER JOIN `{gold}.dim_outcome` AS outcome ON fact.outcome_key = outcome.outcome_key
  WHERE {bounds fact.service_date}
  GROUP BY fact.service_date, fact.date_key, fact.hour_key, fact.pickup_zone_key
) AS source
ON FALSE
WHEN NOT MATCHED BY TARGET THEN
  INSERT (service_date, date_key, hour_key, zone_key, trips, completed, cancelled, revenue, revenue_minor_units)
  VALUES (
    source.service_date, source.date_key, source.hour_key, source.zone_key, source.trips, source.completed,
    source.cancelled, source.revenue, source.revenue_minor_units
  )
WHEN NOT MATCHED BY SOURCE AND {bounds target.service_date} THEN
  DELETE;
