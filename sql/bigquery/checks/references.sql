-- Rows that point to nothing: keys of facts without their row in a dimension, events without a trip, and the reverse.
WITH fact_trips AS (
  SELECT
    COUNTIF(dates.date_key IS NULL) AS date_key,
    COUNTIF(hours.hour_key IS NULL) AS hour_key,
    COUNTIF(pickups.zone_key IS NULL) AS pickup_zone_key,
    COUNTIF(dropoffs.zone_key IS NULL) AS dropoff_zone_key,
    COUNTIF(providers.provider_key IS NULL) AS provider_key,
    COUNTIF(vehicles.vehicle_key IS NULL) AS vehicle_key,
    COUNTIF(payments.payment_key IS NULL) AS payment_key,
    COUNTIF(outcomes.outcome_key IS NULL) AS outcome_key
  FROM `{gold}.fact_trip` AS fact
  LEFT JOIN `{gold}.dim_date` AS dates ON fact.date_key = dates.date_key
  LEFT JOIN `{gold}.dim_hour` AS hours ON fact.hour_key = hours.hour_key
  LEFT JOIN `{gold}.dim_zone` AS pickups ON fact.pickup_zone_key = pickups.zone_key
  LEFT JOIN `{gold}.dim_zone` AS dropoffs ON fact.dropoff_zone_key = dropoffs.zone_key
  LEFT JOIN `{gold}.dim_provider` AS providers ON fact.provider_key = providers.provider_key
  LEFT JOIN `{gold}.dim_vehicle` AS vehicles ON fact.vehicle_key = vehicles.vehicle_key
  LEFT JOIN `{gold}.dim_payment` AS payments ON fact.payment_key = payments.payment_key
  LEFT JOIN `{gold}.dim_outcome` AS outcomes ON fact.outcome_key = outcomes.outcome_key
  WHERE {bounds fact.service_date}
),

fact_trip_events AS (
  SELECT
    COUNTIF(dates.date_key IS NULL) AS date_key,
    COUNTIF(hours.hour_key IS NULL) AS hour_key,
    COUNTIF(zones.zone_key IS NULL) AS zone_key,
    COUNTIF(providers.provider_key IS NULL) AS provider_key,
    COUNTIF(vehicles.vehicle_key IS NULL) AS vehicle_key
  FROM `{gold}.fact_trip_event` AS fact
  LEFT JOIN `{gold}.dim_date` AS dates ON fact.date_key = dates.date_key
  LEFT JOIN `{gold}.dim_hour` AS hours ON fact.hour_key = hours.hour_key
  LEFT JOIN `{gold}.dim_zone` AS zones ON fact.zone_key = zones.zone_key
  LEFT JOIN `{gold}.dim_provider` AS providers ON fact.provider_key = providers.provider_key
  LEFT JOIN `{gold}.dim_vehicle` AS vehicles ON fact.vehicle_key = vehicles.vehicle_key
  WHERE {bounds fact.service_date}
),

agg_zone_hours AS (
  SELECT
    COUNTIF(dates.date_key IS NULL) AS date_key,
    COUNTIF(hours.hour_key IS NULL) AS hour_key,
    COUNTIF(zones.zone_key IS NULL) AS zone_key
  FROM `{gold}.agg_zone_hour` AS fact
  LEFT JOIN `{gold}.dim_date` AS dates ON fact.date_key = dates.date_key
  LEFT JOIN `{gold}.dim_hour` AS hours ON fact.hour_key = hours.hour_key
  LEFT JOIN `{gold}.dim_zone` AS zones ON fact.zone_key = zones.zone_key
  WHERE {bounds fact.service_date}
),

dim_vehicles AS (
  SELECT COUNTIF(providers.provider_key IS NULL) AS provider_key
  FROM `{gold}.dim_vehicle` AS vehicle
  LEFT JOIN `{gold}.dim_provider` AS providers ON vehicle.provider_key = providers.provider_key
),

trips AS (
  SELECT trip_id, service_date
  FROM `{silver}.trip`
  WHERE {bounds service_date}
),

facts AS (
  SELECT trip_id, service_date
  FROM `{gold}.fact_trip`
  WHERE {bounds service_date}
),

events AS (
  SELECT DISTINCT trip_id, service_date
  FROM `{silver}.trip_event`
  WHERE {bounds service_date}
),

trips_of_events AS (
  SELECT COUNTIF(trips.trip_id IS NULL) AS without_trip, COUNTIF(events.trip_id IS NULL) AS without_event
  FROM trips
  FULL JOIN events ON trips.trip_id = events.trip_id AND trips.service_date = events.service_date
),

trips_of_facts AS (
  SELECT COUNTIF(trips.trip_id IS NULL) AS without_trip, COUNTIF(facts.trip_id IS NULL) AS without_fact
  FROM trips
  FULL JOIN facts ON trips.trip_id = facts.trip_id AND trips.service_date = facts.service_date
)

SELECT
  fact_trips.date_key AS fact_trip_date,
  fact_trips.hour_key AS fact_trip_hour,
  fact_trips.pickup_zone_key AS fact_trip_pickup_zone,
  fact_trips.dropoff_zone_key AS fact_trip_dropoff_zone,
  fact_trips.provider_key AS fact_trip_provider,
  fact_trips.vehicle_key AS fact_trip_vehicle,
  fact_trips.payment_key AS fact_trip_payment,
  fact_trips.outcome_key AS fact_trip_outcome,
  fact_trip_events.date_key AS fact_trip_event_date,
  fact_trip_events.hour_key AS fact_trip_event_hour,
  fact_trip_events.zone_key AS fact_trip_event_zone,
  fact_trip_events.provider_key AS fact_trip_event_provider,
  fact_trip_events.vehicle_key AS fact_trip_event_vehicle,
  agg_zone_hours.date_key AS agg_zone_hour_date,
  agg_zone_hours.hour_key AS agg_zone_hour_hour,
  agg_zone_hours.zone_key AS agg_zone_hour_zone,
  dim_vehicles.provider_key AS dim_vehicle_provider,
  trips_of_events.without_trip AS event_without_trip,
  trips_of_events.without_event AS trip_without_event,
  trips_of_facts.without_trip AS fact_without_trip,
  trips_of_facts.without_fact AS trip_without_fact
FROM fact_trips
CROSS JOIN fact_trip_events
CROSS JOIN agg_zone_hours
CROSS JOIN dim_vehicles
CROSS JOIN trips_of_events
CROSS JOIN trips_of_facts;
