-- The lake: what Kafka delivered, as it came, and typed views over it. Needs PostgreSQL 17 or newer.

CREATE SCHEMA IF NOT EXISTS control;
CREATE SCHEMA raw;
CREATE SCHEMA lake;

COMMENT ON SCHEMA raw IS 'Events exactly as Kafka delivered them; written by the consumer only.';
COMMENT ON SCHEMA control IS 'Bookkeeping: applied migrations and the ledger of warehouse loads.';
COMMENT ON SCHEMA lake IS 'Typed views over raw, for analysts.';

-- One table for each UTC day of arrival. The unique key needs the partitioning column; because the broker stamps
-- arrived_at once, the coordinates determine it, and the key guards the coordinates alone.
CREATE TABLE raw.trip_event (
    topic text NOT NULL,
    kafka_partition integer NOT NULL,
    kafka_offset bigint NOT NULL,
    arrived_at timestamptz NOT NULL,
    landed_at timestamptz NOT NULL DEFAULT now(),
    message_key text,
    payload jsonb NOT NULL,
    CONSTRAINT trip_event_coordinates UNIQUE (topic, kafka_partition, kafka_offset, arrived_at)
) PARTITION BY RANGE (arrived_at);

COMMENT ON TABLE raw.trip_event IS
    'One row for each Kafka message that jsonb can hold. Grain: (topic, kafka_partition, kafka_offset). '
    'Partitioned by UTC day of arrived_at. Insert-only; not judged by the contract.';
COMMENT ON COLUMN raw.trip_event.topic IS 'Kafka topic.';
COMMENT ON COLUMN raw.trip_event.kafka_partition IS 'Partition of the topic, from 0.';
COMMENT ON COLUMN raw.trip_event.kafka_offset IS 'Offset in the partition, from 0; may have gaps.';
COMMENT ON COLUMN raw.trip_event.arrived_at IS 'When the broker appended the message (LogAppendTime), to the millisecond.';
COMMENT ON COLUMN raw.trip_event.landed_at IS 'Start of the transaction that landed the row.';
COMMENT ON COLUMN raw.trip_event.message_key IS 'Key of the message: the trip_id; NULL when there was none.';
COMMENT ON COLUMN raw.trip_event.payload IS
    'The message: one JSON document. jsonb keeps neither key order, nor duplicate keys, nor the sign of -0.';

CREATE TABLE raw.consumer_offset (
    topic text NOT NULL,
    kafka_partition integer NOT NULL,
    next_offset bigint NOT NULL CHECK (next_offset >= 0),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, kafka_partition)
) WITH (fillfactor = 20);

COMMENT ON TABLE raw.consumer_offset IS
    'Up to where each partition stands in raw: the fence of exactly-once. Grain: (topic, kafka_partition). '
    'Moved only in the transaction that lands the rows below it.';
COMMENT ON COLUMN raw.consumer_offset.topic IS 'Kafka topic.';
COMMENT ON COLUMN raw.consumer_offset.kafka_partition IS 'Partition of the topic, from 0.';
COMMENT ON COLUMN raw.consumer_offset.next_offset IS
    'Every message below it is in raw.trip_event or raw.dead_letter; none at or above it is.';
COMMENT ON COLUMN raw.consumer_offset.updated_at IS 'When next_offset moved last.';

CREATE TABLE raw.dead_letter (
    topic text NOT NULL,
    kafka_partition integer NOT NULL,
    kafka_offset bigint NOT NULL,
    arrived_at timestamptz NOT NULL,
    landed_at timestamptz NOT NULL DEFAULT now(),
    reason text NOT NULL,
    error text NOT NULL,
    message_key bytea,
    message_value bytea,
    headers jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (topic, kafka_partition, kafka_offset)
);

COMMENT ON TABLE raw.dead_letter IS
    'One row for each Kafka message that jsonb cannot hold, with its bytes. Grain: (topic, kafka_partition, kafka_offset).';
COMMENT ON COLUMN raw.dead_letter.topic IS 'Kafka topic.';
COMMENT ON COLUMN raw.dead_letter.kafka_partition IS 'Partition of the topic, from 0.';
COMMENT ON COLUMN raw.dead_letter.kafka_offset IS 'Offset in the partition, from 0.';
COMMENT ON COLUMN raw.dead_letter.arrived_at IS 'When the broker appended the message (LogAppendTime), to the millisecond.';
COMMENT ON COLUMN raw.dead_letter.landed_at IS 'Start of the transaction that set the message aside.';
COMMENT ON COLUMN raw.dead_letter.reason IS 'Why: a code of contracts/reasons.py, DeadLetterReason.';
COMMENT ON COLUMN raw.dead_letter.error IS 'What exactly was wrong; never a part of the message.';
COMMENT ON COLUMN raw.dead_letter.message_key IS 'Original bytes of the key; NULL when there was none.';
COMMENT ON COLUMN raw.dead_letter.message_value IS 'Original bytes of the value; NULL for a tombstone.';
COMMENT ON COLUMN raw.dead_letter.headers IS
    'Original headers in order: [{"name": text, "value": base64 or null}].';

CREATE FUNCTION raw.ensure_day(day date) RETURNS text
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name text := 'trip_event_' || to_char(day, 'YYYYMMDD');
BEGIN
    IF day IS NULL OR day < date '2020-01-01' OR day >= date '2100-01-01' THEN
        RAISE EXCEPTION 'no partition for the day %', day USING ERRCODE = 'datetime_field_overflow';
    END IF;
    IF EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass(format('raw.%I', name))) THEN
        RETURN name;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('raw.ensure_day', 0));
    IF EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass(format('raw.%I', name))) THEN
        RETURN name;
    END IF;
    -- Made alone and attached, which does not lock out those who write to other days.
    EXECUTE format('CREATE TABLE raw.%I (LIKE raw.trip_event INCLUDING ALL)', name);
    EXECUTE format(
        'ALTER TABLE raw.trip_event ATTACH PARTITION raw.%I FOR VALUES FROM (%L) TO (%L)',
        name, day::text || ' 00:00:00+00', (day + 1)::text || ' 00:00:00+00'
    );
    RETURN name;
END
$$;

COMMENT ON FUNCTION raw.ensure_day(date) IS
    'Makes the partition of raw.trip_event for one UTC day from 2020 to 2099 when it is missing; returns its name. '
    'Safe to call again and by two sessions at once.';

CREATE FUNCTION raw.index_closed_days(before date) RETURNS SETOF text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name text;
BEGIN
    FOR name IN
        SELECT relation.relname
        FROM pg_inherits AS child
        JOIN pg_class AS relation ON relation.oid = child.inhrelid
        WHERE child.inhparent = 'raw.trip_event'::regclass
            AND relation.relname < 'trip_event_' || to_char(before, 'YYYYMMDD')
            AND to_regclass(format('raw.%I', relation.relname || '_trip_id')) IS NULL
        ORDER BY relation.relname
    LOOP
        EXECUTE format('CREATE INDEX %I ON raw.%I ((payload ->> ''trip_id''))', name || '_trip_id', name);
        RETURN NEXT name;
    END LOOP;
END
$$;

COMMENT ON FUNCTION raw.index_closed_days(date) IS
    'Indexes trip_id in the partitions of days before the given one and returns their names. On the day that is being '
    'written this index would cost a third of the landing rate, so it comes when the day has closed.';

-- JSON_VALUE and JSON_QUERY give NULL, and never an error, for what is absent or not of the wanted type.
CREATE VIEW lake.trip_event AS
SELECT
    topic,
    kafka_partition,
    kafka_offset,
    arrived_at,
    landed_at,
    JSON_VALUE(payload, '$.schema_version') AS schema_version,
    JSON_VALUE(payload, '$.event_id') AS event_id,
    JSON_QUERY(payload, '$.event_types' RETURNING text[]) AS event_types,
    JSON_VALUE(payload, '$.vehicle_state') AS vehicle_state,
    to_timestamp(
        JSON_VALUE(payload, '$.timestamp ? (@ >= 946684800000 && @ <= 4102444800000)' RETURNING bigint) / 1000.0::double precision
    ) AS occurred_at,
    to_timestamp(
        JSON_VALUE(payload, '$.publication_time ? (@ >= 946684800000 && @ <= 4102444800000)' RETURNING bigint) / 1000.0::double precision
    ) AS published_at,
    JSON_VALUE(payload, '$.provider_id') AS provider_id,
    JSON_VALUE(payload, '$.provider_name') AS provider_name,
    JSON_VALUE(payload, '$.device_id') AS device_id,
    JSON_VALUE(payload, '$.vehicle_id') AS vehicle_id,
    payload ->> 'trip_id' AS trip_id,
    JSON_VALUE(
        payload, '$.service_date ? (@ like_regex "^20[0-9]{2}-[01][0-9]-[0-3][0-9]$")' RETURNING date
    ) AS service_date,
    JSON_VALUE(payload, '$.location.lat ? (@ >= -90 && @ <= 90)' RETURNING double precision) AS latitude,
    JSON_VALUE(payload, '$.location.lng ? (@ >= -180 && @ <= 180)' RETURNING double precision) AS longitude,
    JSON_VALUE(payload, '$.pickup_area' RETURNING bigint) AS pickup_area,
    JSON_VALUE(payload, '$.dropoff_area' RETURNING bigint) AS dropoff_area,
    JSON_VALUE(payload, '$.distance' RETURNING bigint) AS distance_metres,
    JSON_VALUE(payload, '$.duration' RETURNING bigint) AS duration_seconds,
    JSON_VALUE(payload, '$.fare.currency') AS currency,
    JSON_VALUE(payload, '$.fare.payment_type') AS payment_type,
    JSON_VALUE(payload, '$.fare.base_fare' RETURNING bigint) AS base_fare,
    JSON_VALUE(payload, '$.fare.tolls' RETURNING bigint) AS tolls,
    JSON_VALUE(payload, '$.fare.extras' RETURNING bigint) AS extras,
    JSON_VALUE(payload, '$.fare.tip' RETURNING bigint) AS tip,
    JSON_VALUE(payload, '$.fare.total' RETURNING bigint) AS total
FROM raw.trip_event;

COMMENT ON VIEW lake.trip_event IS
    'raw.trip_event with typed columns. Grain: one row for each landed Kafka message, re-deliveries and corrections '
    'included. A field that is absent or cannot be read as its type is NULL; no row makes a query fail.';
COMMENT ON COLUMN lake.trip_event.topic IS 'Kafka topic.';
COMMENT ON COLUMN lake.trip_event.kafka_partition IS 'Partition of the topic, from 0.';
COMMENT ON COLUMN lake.trip_event.kafka_offset IS 'Offset in the partition, from 0.';
COMMENT ON COLUMN lake.trip_event.arrived_at IS 'When the broker appended the message; restrict it to read few days.';
COMMENT ON COLUMN lake.trip_event.landed_at IS 'When the message landed in the lake.';
COMMENT ON COLUMN lake.trip_event.schema_version IS 'Version of the contract, major.minor.';
COMMENT ON COLUMN lake.trip_event.event_id IS 'UUID of the event; a re-delivery carries the same.';
COMMENT ON COLUMN lake.trip_event.event_types IS 'What happened (MDS event types).';
COMMENT ON COLUMN lake.trip_event.vehicle_state IS 'The vehicle''s state after the event (MDS).';
COMMENT ON COLUMN lake.trip_event.occurred_at IS 'The event''s timestamp: when it happened.';
COMMENT ON COLUMN lake.trip_event.published_at IS 'The event''s publication_time: the newest version wins.';
COMMENT ON COLUMN lake.trip_event.provider_id IS 'UUID of the company that operates the vehicle.';
COMMENT ON COLUMN lake.trip_event.provider_name IS 'The company''s name.';
COMMENT ON COLUMN lake.trip_event.device_id IS 'UUID of the device in the vehicle.';
COMMENT ON COLUMN lake.trip_event.vehicle_id IS 'The vehicle''s public number.';
COMMENT ON COLUMN lake.trip_event.trip_id IS 'UUID of the trip; indexed in closed days.';
COMMENT ON COLUMN lake.trip_event.service_date IS 'City-local day on which the trip was reserved.';
COMMENT ON COLUMN lake.trip_event.latitude IS 'Decimal degrees, WGS 84.';
COMMENT ON COLUMN lake.trip_event.longitude IS 'Decimal degrees, WGS 84.';
COMMENT ON COLUMN lake.trip_event.pickup_area IS 'Number of the city''s area where the ride began (Chicago: 1-77).';
COMMENT ON COLUMN lake.trip_event.dropoff_area IS 'Number of the city''s area where the ride ended (Chicago: 1-77).';
COMMENT ON COLUMN lake.trip_event.distance_metres IS 'Distance driven, metres.';
COMMENT ON COLUMN lake.trip_event.duration_seconds IS 'From trip_start to trip_stop, seconds.';
COMMENT ON COLUMN lake.trip_event.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN lake.trip_event.payment_type IS 'Means of payment (MDS, and three of Tripline''s own).';
COMMENT ON COLUMN lake.trip_event.base_fare IS 'Fare without tolls, extras and tip; minor units of currency.';
COMMENT ON COLUMN lake.trip_event.tolls IS 'Tolls; minor units of currency.';
COMMENT ON COLUMN lake.trip_event.extras IS 'Surcharges, taxes and fees; minor units of currency.';
COMMENT ON COLUMN lake.trip_event.tip IS 'Tip; minor units of currency.';
COMMENT ON COLUMN lake.trip_event.total IS 'Everything charged; minor units of currency.';

CREATE VIEW lake.trip AS
WITH newest_version AS (
    SELECT DISTINCT ON (service_date, trip_id, event_id) *
    FROM lake.trip_event
    WHERE event_id IS NOT NULL AND trip_id IS NOT NULL AND event_types IS NOT NULL
        AND occurred_at IS NOT NULL AND published_at IS NOT NULL AND service_date IS NOT NULL
    ORDER BY service_date, trip_id, event_id, published_at DESC, kafka_partition DESC, kafka_offset DESC
), ranked AS (
    SELECT
        *,
        -- A fare on another event is a quote, not a charge.
        event_types && ARRAY['trip_end', 'fare_adjusted'] AND total = base_fare + tolls + extras + tip AS is_charge,
        row_number() OVER (
            PARTITION BY service_date, trip_id ORDER BY published_at, kafka_partition, kafka_offset
        ) AS recency
    FROM newest_version
), told AS (
    -- Field by field, the newest event that says something wins.
    SELECT
        service_date,
        trip_id,
        (array_agg(provider_id ORDER BY recency DESC))[1] AS provider_id,
        (array_agg(vehicle_id ORDER BY recency DESC))[1] AS vehicle_id,
        (array_agg(provider_name ORDER BY recency DESC) FILTER (WHERE provider_name IS NOT NULL))[1] AS provider_name,
        (array_agg(occurred_at ORDER BY recency DESC) FILTER (WHERE 'reservation_start' = ANY (event_types)))[1] AS reserved_at,
        (array_agg(occurred_at ORDER BY recency DESC) FILTER (WHERE 'reservation_stop' = ANY (event_types)))[1] AS on_scene_at,
        (array_agg(occurred_at ORDER BY recency DESC) FILTER (WHERE 'trip_start' = ANY (event_types)))[1] AS started_at,
        (array_agg(occurred_at ORDER BY recency DESC) FILTER (WHERE 'trip_stop' = ANY (event_types)))[1] AS stopped_at,
        (array_agg(occurred_at ORDER BY recency DESC) FILTER (WHERE 'trip_end' = ANY (event_types)))[1] AS ended_at,
        bool_or('trip_voided' = ANY (event_types)) AS is_voided,
        bool_or('passenger_cancellation' = ANY (event_types)) AS by_passenger,
        bool_or('driver_cancellation' = ANY (event_types)) AS by_driver,
        bool_or('provider_cancellation' = ANY (event_types)) AS by_provider,
        (array_agg(pickup_area ORDER BY recency DESC) FILTER (WHERE pickup_area IS NOT NULL))[1] AS pickup_area,
        (array_agg(dropoff_area ORDER BY recency DESC) FILTER (WHERE dropoff_area IS NOT NULL))[1] AS dropoff_area,
        (array_agg(distance_metres ORDER BY recency DESC) FILTER (WHERE distance_metres IS NOT NULL))[1] AS distance_metres,
        (array_agg(duration_seconds ORDER BY recency DESC) FILTER (WHERE duration_seconds IS NOT NULL))[1] AS duration_seconds,
        (array_agg(currency ORDER BY recency DESC) FILTER (WHERE is_charge))[1] AS currency,
        (array_agg(payment_type ORDER BY recency DESC) FILTER (WHERE is_charge))[1] AS payment_type,
        (array_agg(base_fare ORDER BY recency DESC) FILTER (WHERE is_charge))[1] AS base_fare,
        (array_agg(tolls ORDER BY recency DESC) FILTER (WHERE is_charge))[1] AS tolls,
        (array_agg(extras ORDER BY recency DESC) FILTER (WHERE is_charge))[1] AS extras,
        (array_agg(tip ORDER BY recency DESC) FILTER (WHERE is_charge))[1] AS tip,
        (array_agg(total ORDER BY recency DESC) FILTER (WHERE is_charge))[1] AS total,
        count(*) AS events,
        max(landed_at) AS last_landed_at
    FROM ranked
    GROUP BY service_date, trip_id
)
SELECT
    trip_id,
    service_date,
    CASE
        WHEN is_voided THEN 'voided'
        WHEN ended_at IS NOT NULL THEN 'completed'
        WHEN by_passenger THEN 'cancelled_by_passenger'
        WHEN by_driver THEN 'cancelled_by_driver'
        WHEN by_provider THEN 'cancelled_by_provider'
        ELSE 'open'
    END AS outcome,
    provider_id,
    provider_name,
    vehicle_id,
    reserved_at,
    on_scene_at,
    started_at,
    stopped_at,
    ended_at,
    pickup_area,
    dropoff_area,
    distance_metres,
    duration_seconds,
    currency,
    payment_type,
    base_fare,
    tolls,
    extras,
    tip,
    total,
    CASE WHEN ended_at IS NOT NULL AND NOT is_voided THEN total ELSE 0 END AS revenue,
    events,
    last_landed_at
FROM told;

COMMENT ON VIEW lake.trip IS
    'What the events say about each trip now, as silver.trip will in the warehouse, but without judging the contract: '
    'events count that have their ids, types and times. Grain: one row for each trip_id (and its service_date).';
COMMENT ON COLUMN lake.trip.trip_id IS 'UUID of the trip.';
COMMENT ON COLUMN lake.trip.service_date IS 'City-local day on which the trip was reserved; restrict it to be fast.';
COMMENT ON COLUMN lake.trip.outcome IS
    'voided, completed, cancelled_by_passenger, cancelled_by_driver, cancelled_by_provider or open.';
COMMENT ON COLUMN lake.trip.provider_id IS 'UUID of the company that operates the vehicle.';
COMMENT ON COLUMN lake.trip.provider_name IS 'The company''s name, when it is known.';
COMMENT ON COLUMN lake.trip.vehicle_id IS 'The vehicle''s public number.';
COMMENT ON COLUMN lake.trip.reserved_at IS 'reservation_start: the passenger asked for a ride.';
COMMENT ON COLUMN lake.trip.on_scene_at IS 'reservation_stop: the vehicle was there for the passenger.';
COMMENT ON COLUMN lake.trip.started_at IS 'trip_start: the ride began.';
COMMENT ON COLUMN lake.trip.stopped_at IS 'trip_stop: the ride stopped.';
COMMENT ON COLUMN lake.trip.ended_at IS 'trip_end: the trip was closed.';
COMMENT ON COLUMN lake.trip.pickup_area IS 'Number of the city''s area where the ride began.';
COMMENT ON COLUMN lake.trip.dropoff_area IS 'Number of the city''s area where the ride ended.';
COMMENT ON COLUMN lake.trip.distance_metres IS 'Distance driven, metres.';
COMMENT ON COLUMN lake.trip.duration_seconds IS 'From trip_start to trip_stop, seconds.';
COMMENT ON COLUMN lake.trip.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN lake.trip.payment_type IS 'Means of payment.';
COMMENT ON COLUMN lake.trip.base_fare IS 'Fare without tolls, extras and tip; minor units of currency.';
COMMENT ON COLUMN lake.trip.tolls IS 'Tolls; minor units of currency.';
COMMENT ON COLUMN lake.trip.extras IS 'Surcharges, taxes and fees; minor units of currency.';
COMMENT ON COLUMN lake.trip.tip IS 'Tip; minor units of currency.';
COMMENT ON COLUMN lake.trip.total IS 'Everything charged; minor units of currency.';
COMMENT ON COLUMN lake.trip.revenue IS 'total of a completed trip, else 0; minor units of currency. Additive.';
COMMENT ON COLUMN lake.trip.events IS 'Number of distinct events of the trip.';
COMMENT ON COLUMN lake.trip.last_landed_at IS 'When the trip''s last event landed in the lake.';
