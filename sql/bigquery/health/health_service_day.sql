-- Books by service date, over what the same date had before.
MERGE `{gold}.health_service_day` AS target
USING (
  SELECT
    CAST(JSON_VALUE(measured, '$.service_date') AS DATE) AS service_date,
    CAST(JSON_VALUE(measured, '$.accepted') AS INT64) AS accepted,
    CAST(JSON_VALUE(measured, '$.duplicates') AS INT64) AS duplicates,
    CAST(JSON_VALUE(measured, '$.events') AS INT64) AS events,
    CAST(JSON_VALUE(measured, '$.fact_events') AS INT64) AS fact_events,
    CAST(JSON_VALUE(measured, '$.trips') AS INT64) AS trips,
    CAST(JSON_VALUE(measured, '$.fact_trips') AS INT64) AS fact_trips,
    CAST(JSON_VALUE(measured, '$.hour_trips') AS INT64) AS hour_trips,
    CAST(JSON_VALUE(measured, '$.revenue_minor_units') AS INT64) AS revenue_minor_units,
    CAST(JSON_VALUE(measured, '$.fact_revenue_minor_units') AS INT64) AS fact_revenue_minor_units,
    CAST(JSON_VALUE(measured, '$.hour_revenue_minor_units') AS INT64) AS hour_revenue_minor_units,
    CAST(JSON_VALUE(measured, '$.difference') AS INT64) AS difference,
    CAST(JSON_VALUE(measured, '$.checked_at') AS TIMESTAMP) AS checked_at
  FROM UNNEST(JSON_QUERY_ARRAY(@measured)) AS measured
) AS source
ON target.service_date = source.service_date
WHEN MATCHED THEN
  UPDATE SET
    accepted = source.accepted,
    duplicates = source.duplicates,
    events = source.events,
    fact_events = source.fact_events,
    trips = source.trips,
    fact_trips = source.fact_trips,
    hour_trips = source.hour_trips,
    revenue_minor_units = source.revenue_minor_units,
    fact_revenue_minor_units = source.fact_revenue_minor_units,
    hour_revenue_minor_units = source.hour_revenue_minor_units,
    difference = source.difference,
    checked_at = source.checked_at
WHEN NOT MATCHED BY TARGET THEN
  INSERT (
    service_date, accepted, duplicates, events, fact_events, trips, fact_trips, hour_trips, revenue_minor_units,
    fact_revenue_minor_units, hour_revenue_minor_units, difference, checked_at
  )
  VALUES (
    source.service_date, source.accepted, source.duplicates, source.events, source.fact_events, source.trips,
    source.fact_trips, source.hour_trips, source.revenue_minor_units, source.fact_revenue_minor_units,
    source.hour_revenue_minor_units, source.difference, source.checked_at
  );
