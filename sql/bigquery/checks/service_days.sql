-- What stands in silver and gold of each service date: counts, and money in minor units.
WITH counted AS (
  SELECT
    service_date,
    COUNT(*) AS events,
    SUM(IF('trip_end' IN UNNEST(event_types), total, 0)) AS fare_minor_units,
    0 AS trips,
    0 AS revenue_minor_units,
    0 AS fact_events,
    0 AS fact_trips,
    0 AS fact_revenue_minor_units,
    0 AS hour_trips,
    0 AS hour_revenue_minor_units
  FROM `{silver}.trip_event`
  WHERE {bounds service_date}
  GROUP BY service_date
  UNION ALL
  SELECT service_date, 0, 0, COUNT(*), SUM(IF(outcome = 'completed', total, 0)), 0, 0, 0, 0, 0
  FROM `{silver}.trip`
  WHERE {bounds service_date}
  GROUP BY service_date
  UNION ALL
  SELECT service_date, 0, 0, 0, 0, COUNT(*), 0, 0, 0, 0
  FROM `{gold}.fact_trip_event`
  WHERE {bounds service_date}
  GROUP BY service_date
  UNION ALL
  SELECT service_date, 0, 0, 0, 0, 0, COUNT(*), SUM(revenue_minor_units), 0, 0
  FROM `{gold}.fact_trip`
  WHERE {bounds service_date}
  GROUP BY service_date
  UNION ALL
  SELECT service_date, 0, 0, 0, 0, 0, 0, 0, SUM(trips), SUM(revenue_minor_units)
  FROM `{gold}.agg_zone_hour`
  WHERE {bounds service_date}
  GROUP BY service_date
)

SELECT
  service_date,
  SUM(events) AS events,
  SUM(fare_minor_units) AS fare_minor_units,
  SUM(trips) AS trips,
  SUM(revenue_minor_units) AS revenue_minor_units,
  SUM(fact_events) AS fact_events,
  SUM(fact_trips) AS fact_trips,
  SUM(fact_revenue_minor_units) AS fact_revenue_minor_units,
  SUM(hour_trips) AS hour_trips,
  SUM(hour_revenue_minor_units) AS hour_revenue_minor_units
FROM counted
GROUP BY service_date;
