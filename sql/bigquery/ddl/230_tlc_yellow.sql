CREATE OR REPLACE VIEW `{gold}.tlc_yellow` (
  VendorID OPTIONS (description = 'TLC: who provided the record. NULL: the contract does not tell.'),
  tpep_pickup_datetime OPTIONS (description = 'TLC: when the meter was engaged. Local time of the city, whole seconds.'),
  tpep_dropoff_datetime OPTIONS (description = 'TLC: when the meter was disengaged. Local time of the city, whole seconds.'),
  passenger_count OPTIONS (description = 'TLC: passengers in the vehicle. NULL: the contract does not tell.'),
  trip_distance OPTIONS (description = 'TLC: distance by the taximeter, miles.'),
  RatecodeID OPTIONS (description = 'TLC: rate in effect at the end. 99: unknown.'),
  store_and_fwd_flag OPTIONS (description = 'TLC: Y when the vehicle held the record before sending it. Here: when an event was late.'),
  PULocationID OPTIONS (description = 'TLC: zone of the pick-up. The area of the city; 264: unknown.'),
  DOLocationID OPTIONS (description = 'TLC: zone of the drop-off. The area of the city; 264: unknown.'),
  payment_type OPTIONS (description = 'TLC: 1 credit card, 2 cash, 3 no charge, 4 dispute, 5 unknown, 6 voided trip.'),
  fare_amount OPTIONS (description = 'TLC: fare by time and distance, major units.'),
  extra OPTIONS (description = 'TLC: extras and surcharges, major units. Here with all taxes and fees, which the contract does not divide.'),
  mta_tax OPTIONS (description = 'TLC: MTA tax. 0: part of extra.'),
  tip_amount OPTIONS (description = 'TLC: tip by card, major units. Cash tips are not included.'),
  tolls_amount OPTIONS (description = 'TLC: tolls, major units.'),
  improvement_surcharge OPTIONS (description = 'TLC: improvement surcharge. 0: part of extra.'),
  total_amount OPTIONS (description = 'TLC: charged to the passenger without cash tips, major units: the sum of the parts.'),
  congestion_surcharge OPTIONS (description = 'TLC: congestion surcharge. 0: part of extra.'),
  airport_fee OPTIONS (description = 'TLC: airport fee. 0: part of extra.'),
  cbd_congestion_fee OPTIONS (description = 'TLC: fee of the congestion relief zone, since 2025. 0: part of extra.')
)
OPTIONS (description = 'One row per trip that ended, voided ones as payment_type 6: the columns and units of the NYC TLC yellow taxi trip records, data dictionary of 18 March 2025.')
AS
SELECT
  CAST(NULL AS INT64) AS VendorID,
  DATETIME(TIMESTAMP_TRUNC(started_at, SECOND), {time_zone}) AS tpep_pickup_datetime,
  DATETIME(TIMESTAMP_TRUNC(stopped_at, SECOND), {time_zone}) AS tpep_dropoff_datetime,
  CAST(NULL AS INT64) AS passenger_count,
  distance_miles AS trip_distance,
  99 AS RatecodeID,
  IF(is_late, 'Y', 'N') AS store_and_fwd_flag,
  IF(pickup_zone_key = 0, 264, pickup_zone_key) AS PULocationID,
  IF(dropoff_zone_key = 0, 264, dropoff_zone_key) AS DOLocationID,
  CASE
    WHEN outcome = 'voided' THEN 6
    WHEN payment_type = 'credit_card' THEN 1
    WHEN payment_type = 'cash' THEN 2
    WHEN payment_type = 'no_payment' THEN 3
    WHEN payment_type = 'disputed' THEN 4
    ELSE 5
  END AS payment_type,
  base_fare AS fare_amount,
  extras AS extra,
  NUMERIC '0' AS mta_tax,
  IF(payment_type = 'cash', NUMERIC '0', tip) AS tip_amount,
  tolls AS tolls_amount,
  NUMERIC '0' AS improvement_surcharge,
  IF(payment_type = 'cash', total - tip, total) AS total_amount,
  NUMERIC '0' AS congestion_surcharge,
  NUMERIC '0' AS airport_fee,
  NUMERIC '0' AS cbd_congestion_fee
FROM `{gold}.fact_trip`
WHERE ended_at IS NOT NULL;
