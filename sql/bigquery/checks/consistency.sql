-- Rows that contradict themselves or the row that they are made from. No real trip may: these are faults of ours.
WITH events AS (
  SELECT
    COUNTIF(total != base_fare + tolls + extras + tip) AS total_of_event,
    COUNTIF(ARRAY_LENGTH(event_types) = 0) AS event_without_type
  FROM `{silver}.trip_event`
  WHERE {bounds service_date}
),

trips AS (
  SELECT
    COUNTIF(total != base_fare + tolls + extras + tip) AS total_of_trip,
    COUNTIF(outcome = 'completed' AND (ended_at IS NULL OR total IS NULL)) AS completed_without_end
  FROM `{silver}.trip`
  WHERE {bounds service_date}
),

facts AS (
  SELECT
    COUNTIF(total != base_fare + tolls + extras + tip) AS total_of_fact,
    COUNTIF(revenue != IF(is_completed, total, 0)) AS revenue_of_fact,
    COUNTIF(SIGN(revenue) != SIGN(revenue_minor_units)) AS revenue_in_minor_units,
    COUNTIF(is_completed != (outcome = 'completed')) AS outcome_of_fact,
    COUNTIF(
      date_key != EXTRACT(YEAR FROM service_date) * 10000 + EXTRACT(MONTH FROM service_date) * 100
      + EXTRACT(DAY FROM service_date)
    ) AS date_of_fact
  FROM `{gold}.fact_trip`
  WHERE {bounds service_date}
)

SELECT
  events.total_of_event,
  events.event_without_type,
  trips.total_of_trip,
  trips.completed_without_end,
  facts.total_of_fact,
  facts.revenue_of_fact,
  facts.revenue_in_minor_units,
  facts.outcome_of_fact,
  facts.date_of_fact
FROM events
CROSS JOIN trips
CROSS JOIN facts;
