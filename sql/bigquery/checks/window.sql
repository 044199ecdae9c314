-- What stands in the warehouse of one window: counts, and money in minor units.
WITH staged AS (
  SELECT
    COUNT(*) AS accepted,
    COALESCE(SUM(IF('trip_end' IN UNNEST(event_types), total, 0)), 0) AS fare_minor_units
  FROM `{staging_event}`
),

events AS (
  SELECT COUNT(*) AS events
  FROM `{silver}.trip_event` AS event
  INNER JOIN (SELECT DISTINCT event_id, trip_id, service_date FROM `{staging_event}`) AS touched
    ON
      event.event_id = touched.event_id
      AND event.trip_id = touched.trip_id
      AND event.service_date = touched.service_date
  WHERE {bounds event.service_date}
),

fact_events AS (
  SELECT COUNT(*) AS events
  FROM `{gold}.fact_trip_event` AS event
  INNER JOIN (SELECT DISTINCT event_id, trip_id, service_date FROM `{staging_event}`) AS touched
    ON
      event.event_id = touched.event_id
      AND event.trip_id = touched.trip_id
      AND event.service_date = touched.service_date
  WHERE {bounds event.service_date}
),

touched AS (
  SELECT DISTINCT trip_id, service_date
  FROM `{staging_event}`
),

trips AS (
  SELECT
    COUNT(*) AS trips,
    COALESCE(SUM(IF(trip.outcome = 'completed', trip.total, 0)), 0) AS revenue_minor_units
  FROM `{silver}.trip` AS trip
  INNER JOIN touched ON trip.trip_id = touched.trip_id AND trip.service_date = touched.service_date
  WHERE {bounds trip.service_date}
),

facts AS (
  SELECT
    COUNT(*) AS trips,
    COALESCE(SUM(fact.revenue_minor_units), 0) AS revenue_minor_units
  FROM `{gold}.fact_trip` AS fact
  INNER JOIN touched ON fact.trip_id = touched.trip_id AND fact.service_date = touched.service_date
  WHERE {bounds fact.service_date}
),

facts_of_days AS (
  SELECT COUNT(*) AS trips, COALESCE(SUM(revenue_minor_units), 0) AS revenue_minor_units
  FROM `{gold}.fact_trip`
  WHERE {bounds service_date}
),

hours AS (
  SELECT
    COALESCE(SUM(trips), 0) AS trips,
    COALESCE(SUM(revenue_minor_units), 0) AS revenue_minor_units
  FROM `{gold}.agg_zone_hour`
  WHERE {bounds service_date}
)

SELECT
  staged.accepted,
  staged.fare_minor_units,
  events.events,
  trips.trips,
  trips.revenue_minor_units,
  facts.trips AS fact_trips,
  facts.revenue_minor_units AS fact_revenue_minor_units,
  fact_events.events AS fact_events,
  facts_of_days.trips AS day_trips,
  facts_of_days.revenue_minor_units AS day_revenue_minor_units,
  hours.trips AS hour_trips,
  hours.revenue_minor_units AS hour_revenue_minor_units
FROM staged
CROSS JOIN events
CROSS JOIN trips
CROSS JOIN facts
CROSS JOIN fact_events
CROSS JOIN facts_of_days
CROSS JOIN hours;
