-- Rows too many: how many share their key with another one. Facts of the days that are checked, dimensions as a whole.
SELECT
  (
    SELECT COUNT(*) - COUNT(DISTINCT CONCAT(event_id, trip_id, CAST(service_date AS STRING)))
    FROM `{silver}.trip_event`
    WHERE {bounds service_date}
  ) AS trip_event,
  (
    SELECT COUNT(*) - COUNT(DISTINCT CONCAT(trip_id, CAST(service_date AS STRING)))
    FROM `{silver}.trip`
    WHERE {bounds service_date}
  ) AS trip,
  (
    SELECT COUNT(*) - COUNT(DISTINCT CONCAT(event_id, trip_id, CAST(service_date AS STRING)))
    FROM `{gold}.fact_trip_event`
    WHERE {bounds service_date}
  ) AS fact_trip_event,
  (
    SELECT COUNT(*) - COUNT(DISTINCT CONCAT(trip_id, CAST(service_date AS STRING)))
    FROM `{gold}.fact_trip`
    WHERE {bounds service_date}
  ) AS fact_trip,
  (
    SELECT
      COUNT(*)
      - COUNT(DISTINCT CONCAT(CAST(service_date AS STRING), '/', CAST(hour_key AS STRING), '/', CAST(zone_key AS STRING)))
    FROM `{gold}.agg_zone_hour`
    WHERE {bounds service_date}
  ) AS agg_zone_hour,
  (SELECT COUNT(*) - COUNT(DISTINCT date_key) FROM `{gold}.dim_date`) AS dim_date,
  (SELECT COUNT(*) - COUNT(DISTINCT hour_key) FROM `{gold}.dim_hour`) AS dim_hour,
  (SELECT COUNT(*) - COUNT(DISTINCT zone_key) FROM `{gold}.dim_zone`) AS dim_zone,
  (SELECT COUNT(*) - COUNT(DISTINCT provider_key) FROM `{gold}.dim_provider`) AS dim_provider,
  (SELECT COUNT(*) - COUNT(DISTINCT vehicle_key) FROM `{gold}.dim_vehicle`) AS dim_vehicle,
  (SELECT COUNT(*) - COUNT(DISTINCT payment_key) FROM `{gold}.dim_payment`) AS dim_payment,
  (SELECT COUNT(*) - COUNT(DISTINCT outcome_key) FROM `{gold}.dim_outcome`) AS dim_outcome;
