CREATE OR REPLACE VIEW `{gold}.dirty_trips` (
  rule OPTIONS (description = 'Name of the rule; fact_trip flags the trips that break it in a column of that name after has_.'),
  explanation OPTIONS (description = 'What it means.'),
  trips OPTIONS (description = 'Trips that break it.'),
  share OPTIONS (description = 'Their share of all trips, 0 to 1, to four digits; NULL without trips.')
)
OPTIONS (description = 'One row per rule of data quality: how many trips break it. Such trips are kept and flagged.')
AS
WITH counted AS (
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
),

ruled AS (
  SELECT 'zero_distance' AS rule, 'The meter drove no distance.' AS explanation, zero_distance AS dirty, trips FROM counted
  UNION ALL
  SELECT 'missing_distance', 'No distance was reported.', missing_distance, trips FROM counted
  UNION ALL
  SELECT 'zero_duration', 'The ride ended when it began.', zero_duration, trips FROM counted
  UNION ALL
  SELECT 'missing_duration', 'No duration was reported.', missing_duration, trips FROM counted
  UNION ALL
  SELECT 'nonpositive_fare', 'The base fare is zero or less.', nonpositive_fare, trips FROM counted
  UNION ALL
  SELECT 'implausible_speed', 'Faster than 100 miles an hour from end to end.', implausible_speed, trips FROM counted
  UNION ALL
  SELECT 'disordered_times', 'A milestone is earlier than the one before it.', disordered_times, trips FROM counted
  UNION ALL
  SELECT 'missing_provider', 'The company is not named.', missing_provider, trips FROM counted
  UNION ALL
  SELECT 'missing_pickup_area', 'Picked up outside the known areas, or nobody said where.', missing_pickup_area, trips FROM counted
  UNION ALL
  SELECT 'missing_dropoff_area', 'Dropped off outside the known areas, or nobody said where.', missing_dropoff_area, trips FROM counted
)

SELECT rule, explanation, dirty AS trips, ROUND(SAFE_DIVIDE(dirty, trips), 4) AS share
FROM ruled;
