"""A gold in DuckDB: sixteen months of made-up trips, seeded, in the tables and types of the warehouse's DDL."""

from collections.abc import Sequence
from datetime import date

from tests.support.gold_in_duckdb import GoldInDuckDb

FIRST_DAY, LAST_DAY = date(2025, 2, 1), date(2026, 6, 17)

_FILL = """
INSERT INTO dim_date BY NAME
SELECT
  year(d) * 10000 + month(d) * 100 + day(d) AS date_key, d AS date, year(d) AS year, quarter(d) AS quarter,
  month(d) AS month, monthname(d) AS month_name, year(d) * 100 + month(d) AS year_month, day(d) AS day,
  isodow(d) AS weekday, dayname(d) AS weekday_name, isodow(d) >= 6 AS is_weekend
FROM (SELECT unnest(range(DATE '2025-01-01', DATE '2027-01-01', INTERVAL 1 DAY))::DATE AS d);

INSERT INTO dim_hour
SELECT h, lpad(h::VARCHAR, 2, '0') || ':00', ['Night', 'Morning', 'Afternoon', 'Evening'][1 + h // 6]
FROM range(24) AS hours(h) UNION ALL SELECT 24, 'Unknown', 'Unknown';

INSERT INTO dim_zone BY NAME
SELECT z AS zone_key, 'Area ' || lpad(z::VARCHAR, 2, '0') AS zone_name,
  (SELECT list(side ORDER BY side) FROM sides)[1 + z % 9] AS side,
  41.65 + (z * 37 % 100) / 300 AS latitude, -87.85 + (z * 53 % 100) / 330 AS longitude
FROM range(1, 78) AS zones(z) UNION ALL SELECT 0, 'Unknown', 'Unknown', NULL, NULL;

INSERT INTO dim_provider BY NAME
SELECT p AS provider_key, 'provider-' || p AS provider_id, CASE p WHEN 0 THEN 'Unknown' ELSE 'Company ' || p END
AS provider_name FROM range(9) AS providers(p);
INSERT INTO dim_payment
SELECT * FROM (VALUES (0, 'unknown', 'Unknown'), (1, 'cash', 'Cash'), (2, 'credit_card', 'Credit card'),
  (3, 'mobile_app', 'Mobile app'), (4, 'no_payment', 'No payment'));
INSERT INTO dim_outcome
SELECT * FROM (VALUES (1, 'completed', 'Completed', FALSE),
  (2, 'cancelled_by_passenger', 'Cancelled by passenger', TRUE),
  (3, 'cancelled_by_driver', 'Cancelled by driver', TRUE), (4, 'cancelled_by_provider', 'Cancelled by provider', TRUE),
  (5, 'voided', 'Voided', FALSE), (6, 'open', 'Open', FALSE));

CREATE TEMP TABLE draw AS
SELECT i, hash(i, 1) % 1000 AS a, hash(i, 2) % 1000 AS b, hash(i, 3) % 1000 AS c, hash(i, 4) % 1000 AS d,
  (DATE '2025-02-01' + CAST(hash(i, 5) % 502 AS INTEGER)) AS service_date,
  CASE WHEN hash(i, 6) % 100 < 82 THEN 1 ELSE 2 + hash(i, 7) % 5 END AS outcome_key
FROM range(6000) AS trips(i);

INSERT INTO fact_trip BY NAME
SELECT
  'trip-' || i AS trip_id, service_date,
  year(service_date) * 10000 + month(service_date) * 100 + day(service_date) AS date_key,
  CAST(CASE WHEN a < 10 THEN 24 ELSE (a * a // 41667 + b // 100) % 24 END AS BIGINT) AS hour_key,
  CAST(CASE WHEN b < 20 THEN 0 ELSE 1 + (b * b // 13000) % 77 END AS BIGINT) AS pickup_zone_key,
  CAST(CASE WHEN c < 30 THEN 0 ELSE 1 + (c * d // 13000) % 77 END AS BIGINT) AS dropoff_zone_key,
  (c * c // 112000) AS provider_key, outcome_key,
  CASE WHEN outcome_key IN (1, 5) THEN 1 + d % 4 ELSE 0 END AS payment_key,
  CASE WHEN outcome_key <> 4 AND outcome_key <> 2 THEN 60 + a END AS response_seconds,
  CASE WHEN outcome_key IN (1, 5, 6) THEN 20 + b // 4 END AS wait_seconds,
  CASE WHEN outcome_key IN (1, 5) THEN 240 + c * 2 END AS ride_seconds,
  CASE WHEN outcome_key IN (1, 5) THEN CASE WHEN a % 9 = 0 THEN 0 ELSE round(d / 70 + 0.4, 2) END END AS distance_miles,
  CASE WHEN outcome_key IN (1, 5) THEN 3.25 + c / 40 END AS base_fare,
  CASE WHEN outcome_key IN (1, 5) THEN CASE WHEN b % 30 = 0 THEN 1.90 ELSE 0 END END AS tolls,
  CASE WHEN outcome_key IN (1, 5) THEN d % 3 * 0.50 END AS extras,
  CASE WHEN outcome_key IN (1, 5) THEN CASE WHEN d % 4 = 1 THEN round(c / 200, 2) ELSE 0 END END AS tip,
  a % 61 = 0 AS is_late, outcome_key = 5 OR b % 71 = 0 AS is_restated,
  outcome_key = 1 AND a % 9 = 0 AS has_zero_distance, outcome_key = 1 AND c = 0 AS has_zero_duration,
  outcome_key = 1 AND c % 97 = 0 AS has_missing_duration, FALSE AS has_nonpositive_fare,
  c * c // 112000 = 0 AS has_missing_provider, outcome_key = 1 AND c < 30 AS has_missing_dropoff_area
FROM draw;
UPDATE fact_trip SET
  revenue = CASE WHEN outcome_key = 1 THEN base_fare + tolls + extras + tip ELSE 0 END,
  outcome = (SELECT o.outcome FROM dim_outcome AS o WHERE o.outcome_key = fact_trip.outcome_key),
  is_completed = outcome_key = 1, provider_id = 'provider-' || provider_key, provider_name = 'Company ' || provider_key,
  vehicle_id = 'vehicle', payment_type = 'unknown', currency = 'USD', version = 1, has_missing_distance = FALSE,
  vehicle_key = 0, has_implausible_speed = FALSE, has_disordered_times = FALSE,
  has_missing_pickup_area = pickup_zone_key = 0;
UPDATE fact_trip SET revenue_minor_units = CAST(revenue * 100 AS BIGINT);

INSERT INTO forecast_zone_hour
SELECT day, h, z, busy / 800, busy / 1600, busy / 400, TIMESTAMP '2026-06-18 05:00:00'
FROM (
  SELECT DATE '2026-06-18' + CAST(n AS INTEGER) AS day, h, z, 1 + (h * 7 + z * 3 + n) % 10 AS busy
  FROM range(7) AS days(n), range(24) AS hours(h), range(1, 78) AS zones(z)
);

INSERT INTO health_reconciliation VALUES
  ('events', 'kafka', 30112, 'lake', 30112, 0, TIMESTAMP '2026-06-18 05:10:00'),
  ('events', 'lake', 30100, 'silver', 30098, 2, TIMESTAMP '2026-06-18 05:10:00'),
  ('revenue', 'silver', 81234.5, 'gold', 81234.5, 0, TIMESTAMP '2026-06-18 05:10:00');
INSERT INTO health_freshness VALUES
  ('kafka', TIMESTAMP '2026-06-18 05:09:30', 30, TIMESTAMP '2026-06-18 05:10:00'),
  ('lake', TIMESTAMP '2026-06-18 05:09:20', 40, TIMESTAMP '2026-06-18 05:10:00'),
  ('gold', TIMESTAMP '2026-06-18 05:06:00', 240, TIMESTAMP '2026-06-18 05:10:00');
INSERT INTO health_rejected VALUES
  (DATE '2026-06-16', 'missing_field', 3), (DATE '2026-06-17', 'missing_field', 2),
  (DATE '2026-06-17', 'unknown_value', 4);
INSERT INTO health_dead_letter VALUES (DATE '2026-06-17', 'not_json', 3), (DATE '2026-05-02', 'nul_character', 1);
"""


class SimulatedGold(GoldInDuckDb):
    """The made-up trips; `sides` are the sides of the city."""

    def __init__(self, sides: Sequence[str]) -> None:
        super().__init__()
        self.connection.execute("CREATE TEMP TABLE sides (side VARCHAR)")
        self.connection.executemany("INSERT INTO sides VALUES (?)", [[side] for side in sides])
        self.connection.execute(_FILL)
