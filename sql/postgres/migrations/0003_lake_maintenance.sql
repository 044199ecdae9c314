-- Maintenance of the lake: days that vacuum freezes as they fill, trips by silver's rule, hours of trips kept up to date.

-- Insert-only rows never change: frozen by the first vacuum that sees them, they need no other one ever.
CREATE OR REPLACE FUNCTION raw.ensure_day(day date) RETURNS text
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
    EXECUTE format(
        'CREATE TABLE raw.%I (LIKE raw.trip_event INCLUDING ALL) WITH (autovacuum_freeze_min_age = 0)', name
    );
    EXECUTE format(
        'ALTER TABLE raw.trip_event ATTACH PARTITION raw.%I FOR VALUES FROM (%L) TO (%L)',
        name, day::text || ' 00:00:00+00', (day + 1)::text || ' 00:00:00+00'
    );
    RETURN name;
END
$$;

-- It locked out whoever landed late in the day that it indexed; `python -m consumer maintain` indexes without.
DROP FUNCTION raw.index_closed_days(date);

-- Trips by the rule of silver.trip: an event belongs to its trip, and ties between versions end at the topic.
CREATE OR REPLACE VIEW lake.trip AS
WITH newest_version AS (
    SELECT DISTINCT ON (service_date, trip_id, event_id) *
    FROM lake.trip_event
    WHERE event_id IS NOT NULL AND trip_id IS NOT NULL AND event_types IS NOT NULL
        AND occurred_at IS NOT NULL AND published_at IS NOT NULL AND service_date IS NOT NULL
    ORDER BY
        service_date, trip_id, event_id, published_at DESC, kafka_partition DESC, kafka_offset DESC, topic DESC
), ranked AS (
    SELECT
        *,
        -- A fare on another event is a quote, not a charge.
        event_types && ARRAY['trip_end', 'fare_adjusted'] AND total = base_fare + tolls + extras + tip AS is_charge,
        row_number() OVER (
            PARTITION BY service_date, trip_id ORDER BY published_at, kafka_partition, kafka_offset, topic
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
    CASE WHEN ended_at IS NOT NULL AND NOT is_voided THEN coalesce(total, 0) ELSE 0 END AS revenue,
    events,
    last_landed_at
FROM told;

CREATE TABLE lake.trip_hour (
    service_date date NOT NULL,
    hour timestamptz,
    pickup_area bigint,
    currency text,
    trips bigint NOT NULL,
    completed bigint NOT NULL,
    cancelled bigint NOT NULL,
    voided bigint NOT NULL,
    revenue bigint NOT NULL,
    tip bigint NOT NULL,
    distance_metres bigint NOT NULL,
    duration_seconds bigint NOT NULL,
    CONSTRAINT trip_hour_grain UNIQUE NULLS NOT DISTINCT (service_date, hour, pickup_area, currency)
);

COMMENT ON TABLE lake.trip_hour IS
    'lake.trip in sums, as of the last `python -m consumer maintain`; each service date of which an event has landed '
    'since then is counted anew from all its events. Kept when their days are dropped. '
    'Grain: (service_date, hour, pickup_area, currency).';
COMMENT ON COLUMN lake.trip_hour.service_date IS 'City-local day on which the trips were reserved.';
COMMENT ON COLUMN lake.trip_hour.hour IS 'Hour (its beginning) in which the trip was reserved, or first heard of; NULL when no time is known.';
COMMENT ON COLUMN lake.trip_hour.pickup_area IS 'Number of the city''s area where the ride began; NULL when unknown.';
COMMENT ON COLUMN lake.trip_hour.currency IS 'ISO 4217 code of the amounts; NULL for trips without a charge.';
COMMENT ON COLUMN lake.trip_hour.trips IS 'Trips, whatever became of them. Additive.';
COMMENT ON COLUMN lake.trip_hour.completed IS 'Trips that were completed and not voided. Additive.';
COMMENT ON COLUMN lake.trip_hour.cancelled IS 'Trips that passenger, driver or company cancelled. Additive.';
COMMENT ON COLUMN lake.trip_hour.voided IS 'Trips that were voided. Additive.';
COMMENT ON COLUMN lake.trip_hour.revenue IS 'Sum of total of completed trips; minor units of currency. Additive within a currency.';
COMMENT ON COLUMN lake.trip_hour.tip IS 'Sum of tips of completed trips; minor units of currency. Additive within a currency.';
COMMENT ON COLUMN lake.trip_hour.distance_metres IS 'Distance of completed trips, metres. Additive.';
COMMENT ON COLUMN lake.trip_hour.duration_seconds IS 'Duration of completed trips, seconds. Additive.';

CREATE TABLE control.roll_up_offset (
    topic text NOT NULL,
    kafka_partition integer NOT NULL,
    next_offset bigint NOT NULL,
    rolled_up_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, kafka_partition)
);

COMMENT ON TABLE control.roll_up_offset IS
    'Up to where the roll-ups of schema lake have read each partition. Grain: (topic, kafka_partition).';
COMMENT ON COLUMN control.roll_up_offset.topic IS 'Kafka topic.';
COMMENT ON COLUMN control.roll_up_offset.kafka_partition IS 'Partition of the topic, from 0.';
COMMENT ON COLUMN control.roll_up_offset.next_offset IS 'Every event below it is in the roll-ups.';
COMMENT ON COLUMN control.roll_up_offset.rolled_up_at IS 'When next_offset moved last.';

CREATE TABLE control.closed_service_date (
    service_date date PRIMARY KEY,
    closed_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE control.closed_service_date IS
    'Service dates of which events were dropped with their day: the roll-ups keep what they say of them. '
    'Grain: service_date.';
COMMENT ON COLUMN control.closed_service_date.service_date IS 'City-local day on which the trips were reserved.';
COMMENT ON COLUMN control.closed_service_date.closed_at IS 'When the first of its events was dropped.';

CREATE VIEW lake.dead_letter AS
SELECT
    topic,
    kafka_partition,
    kafka_offset,
    arrived_at,
    landed_at,
    reason,
    error,
    octet_length(message_value) AS bytes
FROM raw.dead_letter;

COMMENT ON VIEW lake.dead_letter IS
    'raw.dead_letter without the messages. Grain: (topic, kafka_partition, kafka_offset).';
COMMENT ON COLUMN lake.dead_letter.topic IS 'Kafka topic.';
COMMENT ON COLUMN lake.dead_letter.kafka_partition IS 'Partition of the topic, from 0.';
COMMENT ON COLUMN lake.dead_letter.kafka_offset IS 'Offset in the partition, from 0.';
COMMENT ON COLUMN lake.dead_letter.arrived_at IS 'When the broker appended the message.';
COMMENT ON COLUMN lake.dead_letter.landed_at IS 'When the message was set aside.';
COMMENT ON COLUMN lake.dead_letter.reason IS 'Why: a code of docs/errors.md.';
COMMENT ON COLUMN lake.dead_letter.error IS 'What exactly was wrong; never a part of the message.';
COMMENT ON COLUMN lake.dead_letter.bytes IS 'Length of the value in bytes; NULL for a tombstone.';

-- Comments that 0002 left out.
COMMENT ON COLUMN control.load.planned_at IS 'When the window was fixed.';
COMMENT ON COLUMN control.load.changed_at IS 'When a step was recorded last.';
COMMENT ON COLUMN control.load_range.load_id IS 'The window.';
COMMENT ON COLUMN control.load_range.target IS 'project.dataset_prefix of the warehouse, as in control.load.';
COMMENT ON COLUMN control.load_range.topic IS 'Kafka topic.';
COMMENT ON COLUMN control.load_range.kafka_partition IS 'Partition of the topic, from 0.';
COMMENT ON COLUMN control.load_range.from_offset IS 'First offset of the range.';
COMMENT ON COLUMN control.load_range.to_offset IS 'First offset behind the range.';
COMMENT ON COLUMN control.reconciliation.load_id IS 'The window.';
COMMENT ON COLUMN control.reconciliation.name IS 'What was compared.';
COMMENT ON COLUMN control.reconciliation.source IS 'Where the first value was counted.';
COMMENT ON COLUMN control.reconciliation.source_value IS 'Count, or money in minor units.';
COMMENT ON COLUMN control.reconciliation.target IS 'Where the second value was counted.';
COMMENT ON COLUMN control.reconciliation.target_value IS 'Equal to source_value in a window that is reconciled.';
COMMENT ON COLUMN control.reconciliation.checked_at IS 'When they were compared.';
COMMENT ON COLUMN control.warehouse_schema.target IS 'project.dataset_prefix of the warehouse.';
COMMENT ON COLUMN control.warehouse_schema.checksum IS 'SHA-256 of the DDL, hexadecimal.';
COMMENT ON COLUMN control.warehouse_schema.prepared_at IS 'When the target was prepared last.';
