-- Trips that break a business rule, of the days that are checked: they are kept, and reported.
SELECT
  COUNT(*) AS trips,
  COUNTIF(has_zero_distance) AS zero_distance,
  COUNTIF(has_missing_distance) AS missing_distance,
  COUNTIF(has_zero_duration) AS zero_duration,
  COUNTIF(has_missing_duration) AS missing_duration,
  COUNTIF(has_nonpositive_fare) AS nonpositive_fare,
  COUNTIF(has_implausible_speed) AS implausible_speed,
  COUNTIF(has_disordered_times) AS disordered_times,
  COUNTIF(has_missing_provider) AS missing_provider,
  COUNTIF(has_missing_pickup_area) AS missing_pickup_area,
  COUNTIF(has_missing_dropoff_area) AS missing_dropoff_area
FROM `{gold}.fact_trip`
WHERE {bounds service_date};
