-- Trips beyond what a city's trips are like. Single ones come with real data; many say that a unit or a clock is wrong.
SELECT
  COUNT(*) AS trips,
  COUNTIF(distance_metres > @maximum_metres) AS distance,
  COUNTIF(duration_seconds > @maximum_seconds) AS duration,
  COUNTIF(SAFE_DIVIDE(distance_metres, duration_seconds) > @maximum_metres_per_second) AS speed,
  COUNTIF(ABS(total) > @maximum_charge) AS charge,
  COUNTIF(
    pickup_latitude NOT BETWEEN @south AND @north
    OR pickup_longitude NOT BETWEEN @west AND @east
    OR dropoff_latitude NOT BETWEEN @south AND @north
    OR dropoff_longitude NOT BETWEEN @west AND @east
  ) AS place,
  COUNTIF(
    on_scene_at < reserved_at OR started_at < on_scene_at OR stopped_at < started_at OR ended_at < stopped_at
  ) AS order_of_times,
  COUNTIF(COALESCE(ended_at, cancelled_at, started_at, reserved_at) > TIMESTAMP_ADD(@now, INTERVAL 1 DAY)) AS future
FROM `{silver}.trip`
WHERE {bounds service_date};
