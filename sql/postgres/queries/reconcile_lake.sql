-- Counts and money (minor units) by the lake alone, from the JSON itself. Events that the warehouse refused are left
-- out by their coordinates; of an event that came more than once, the newest version counts. Of service dates of which
-- the lake has dropped events, only what landed counts.
WITH landed AS (
    SELECT
        event.topic,
        event.kafka_partition,
        event.kafka_offset,
        event.payload
    FROM reconciled_range AS scope
    -- One range after the other, from the index: what a window asks of the lake must not grow with it.
    CROSS JOIN LATERAL (
        SELECT
            found.topic,
            found.kafka_partition,
            found.kafka_offset,
            found.payload
        FROM raw.trip_event AS found
        WHERE
            found.topic = scope.topic
            AND found.kafka_partition = scope.kafka_partition
            AND found.kafka_offset >= scope.from_offset
            AND found.kafka_offset < scope.to_offset
        OFFSET 0
    ) AS event
),

accepted AS (
    SELECT
        landed.payload ->> 'event_id' AS event_id,
        landed.payload ->> 'trip_id' AS trip_id,
        landed.payload ->> 'service_date' AS service_date,
        landed.payload -> 'event_types' AS event_types,
        -- NULL, not an error, where a number is not one: a refused event that the warehouse lost shows as a difference.
        JSON_VALUE(landed.payload, '$.publication_time' RETURNING bigint) AS publication_time,
        JSON_VALUE(landed.payload, '$.fare.total' RETURNING bigint) AS total,
        landed.topic,
        landed.kafka_partition,
        landed.kafka_offset
    FROM landed
    WHERE NOT EXISTS (
        SELECT FROM refused_coordinate AS refused
        WHERE
            refused.topic = landed.topic
            AND refused.kafka_partition = landed.kafka_partition
            AND refused.kafka_offset = landed.kafka_offset
    )
),

newest AS (
    SELECT DISTINCT ON (event_id, trip_id, service_date) *
    FROM accepted
    WHERE NOT EXISTS (SELECT FROM dropped_date WHERE dropped_date.service_date = accepted.service_date)
    ORDER BY
        event_id,
        trip_id,
        service_date,
        publication_time DESC,
        kafka_partition DESC,
        kafka_offset DESC,
        topic DESC
),

trip AS (
    SELECT
        bool_or(event_types ? 'trip_end') AS ended,
        bool_or(event_types ? 'trip_voided') AS voided,
        (
            array_agg(
                total
                ORDER BY publication_time DESC, kafka_partition DESC, kafka_offset DESC, topic DESC
            ) FILTER (WHERE event_types ?| ARRAY['trip_end', 'fare_adjusted'])
        )[1] AS total
    FROM newest
    GROUP BY trip_id, service_date
)

SELECT
    (SELECT count(*) FROM landed) AS landed,
    (SELECT count(*) FROM refused_coordinate) AS refused,
    (SELECT count(*) FROM accepted) AS accepted,
    (SELECT coalesce(sum(total) FILTER (WHERE event_types ? 'trip_end'), 0)::bigint FROM accepted) AS fare_minor_units,
    (SELECT count(*) FROM newest) AS events,
    (
        SELECT coalesce(sum(total) FILTER (WHERE event_types ? 'trip_end'), 0)::bigint FROM newest
    ) AS newest_fare_minor_units,
    (SELECT count(*) FROM trip) AS trips,
    (SELECT coalesce(sum(total) FILTER (WHERE ended AND NOT voided), 0)::bigint FROM trip) AS revenue_minor_units
