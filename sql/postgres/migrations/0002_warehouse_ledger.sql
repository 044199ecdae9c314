-- The warehouse's ledger: which offsets of the lake stand in which BigQuery target, and how it was proven.

CREATE TABLE control.load (
    load_id text PRIMARY KEY,
    sequence bigint GENERATED ALWAYS AS IDENTITY,
    target text NOT NULL,
    state text NOT NULL DEFAULT 'planned'
        CHECK (state IN ('planned', 'extracted', 'staged', 'merged', 'published', 'reconciled')),
    planned_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    offsets bigint NOT NULL CHECK (offsets > 0),
    landed bigint,
    accepted bigint,
    rejected bigint,
    fare_minor_units bigint,
    duplicate_equal bigint,
    duplicate_different bigint,
    staging_job text,
    trips bigint
);

COMMENT ON TABLE control.load IS 'One row per window of the lake that is, or is being, loaded into one BigQuery target.';
COMMENT ON COLUMN control.load.load_id IS 'Determined by the target and the ranges of the window.';
COMMENT ON COLUMN control.load.sequence IS 'Order in which windows were planned.';
COMMENT ON COLUMN control.load.target IS 'project.dataset_prefix of the warehouse.';
COMMENT ON COLUMN control.load.state IS 'The last step that is known to be complete.';
COMMENT ON COLUMN control.load.offsets IS 'Kafka offsets in the window; some may hold no event (dead letters, gaps).';
COMMENT ON COLUMN control.load.landed IS 'Rows of the lake in the window: accepted + rejected.';
COMMENT ON COLUMN control.load.accepted IS 'Events that keep the contract.';
COMMENT ON COLUMN control.load.rejected IS 'Events that break the contract; they stand in bronze.rejected_event.';
COMMENT ON COLUMN control.load.fare_minor_units IS 'Sum of fare.total of accepted trip_end events, in minor units.';
COMMENT ON COLUMN control.load.duplicate_equal IS 'Accepted events whose event id had been seen, with the same content.';
COMMENT ON COLUMN control.load.duplicate_different IS 'Accepted events whose event id had been seen, with other content.';
COMMENT ON COLUMN control.load.staging_job IS 'BigQuery load job that filled the staging table.';
COMMENT ON COLUMN control.load.trips IS 'Trips that the window touched.';

-- Single flight, held by the database as well: a target has one unfinished window at the most.
CREATE UNIQUE INDEX load_unfinished ON control.load (target) WHERE state <> 'reconciled';

CREATE TABLE control.load_range (
    load_id text NOT NULL REFERENCES control.load,
    target text NOT NULL,
    topic text NOT NULL,
    kafka_partition integer NOT NULL,
    from_offset bigint NOT NULL CHECK (from_offset >= 0),
    to_offset bigint NOT NULL,
    PRIMARY KEY (load_id, topic, kafka_partition),
    UNIQUE (target, topic, kafka_partition, from_offset),
    CHECK (from_offset < to_offset)
);

COMMENT ON TABLE control.load_range IS 'Offsets [from_offset, to_offset) of one partition in one window.';

CREATE TABLE control.reconciliation (
    load_id text NOT NULL REFERENCES control.load,
    name text NOT NULL,
    source text NOT NULL,
    source_value bigint NOT NULL,
    target text NOT NULL,
    target_value bigint NOT NULL,
    checked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (load_id, name)
);

COMMENT ON TABLE control.reconciliation IS 'What a window''s reconciliation found, the newest attempt.';

CREATE TABLE control.warehouse_schema (
    target text PRIMARY KEY,
    checksum text NOT NULL,
    prepared_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE control.warehouse_schema IS 'Checksum of the DDL that a BigQuery target was last prepared with.';
