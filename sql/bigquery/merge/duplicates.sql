-- The events of the window by service date, and how many of them repeat one that was seen before, in an older window or
-- earlier in this one.
WITH staged AS (
  SELECT
    event_id,
    trip_id,
    service_date,
    fingerprint AS content,
    LAG(fingerprint) OVER (
      PARTITION BY event_id, trip_id, service_date
      ORDER BY arrived_at, kafka_partition, kafka_offset, kafka_topic
    ) AS content_before
  FROM `{staging_event}`
  WHERE {bounds service_date}
),

compared AS (
  SELECT
    staged.service_date,
    staged.content,
    COALESCE(staged.content_before, known.fingerprint) AS content_seen
  FROM staged
  LEFT JOIN `{silver}.trip_event` AS known
    ON
      {bounds known.service_date}
      AND staged.service_date = known.service_date
      AND staged.trip_id = known.trip_id
      AND staged.event_id = known.event_id
)

SELECT
  service_date,
  COUNT(*) AS accepted,
  COUNTIF(content_seen = content) AS duplicate_equal,
  COUNTIF(content_seen != content) AS duplicate_different
FROM compared
GROUP BY service_date;
