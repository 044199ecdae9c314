-- The newest event of the days that are checked: when it arrived at the broker, and when it happened.
SELECT
  (SELECT MAX(arrived_at) FROM `{silver}.trip_event` WHERE {bounds service_date}) AS silver,
  (SELECT MAX(arrived_at) FROM `{gold}.fact_trip_event` WHERE {bounds service_date}) AS gold,
  (SELECT MAX(occurred_at) FROM `{gold}.fact_trip_event` WHERE {bounds service_date}) AS event_time;
