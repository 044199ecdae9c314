-- What stands in the whole warehouse: counts, and money in minor units.
SELECT
  (SELECT COUNT(*) FROM `{bronze}.rejected_event`) AS rejected,
  (SELECT COUNT(*) FROM `{silver}.trip_event`) AS events,
  (
    SELECT COALESCE(SUM(IF('trip_end' IN UNNEST(event_types), total, 0)), 0) FROM `{silver}.trip_event`
  ) AS fare_minor_units,
  (SELECT COUNT(*) FROM `{silver}.trip`) AS trips,
  (
    SELECT COALESCE(SUM(IF(outcome = 'completed', total, 0)), 0) FROM `{silver}.trip`
  ) AS revenue_minor_units,
  (SELECT COUNT(*) FROM `{gold}.fact_trip`) AS fact_trips,
  (SELECT COALESCE(SUM(revenue_minor_units), 0) FROM `{gold}.fact_trip`) AS fact_revenue_minor_units,
  (SELECT COUNT(*) FROM `{gold}.fact_trip_event`) AS fact_events,
  (SELECT COALESCE(SUM(trips), 0) FROM `{gold}.agg_zone_hour`) AS hour_trips,
  (SELECT COALESCE(SUM(revenue_minor_units), 0) FROM `{gold}.agg_zone_hour`) AS hour_revenue_minor_units;
