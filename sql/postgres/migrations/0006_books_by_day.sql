-- Books by day: what each window brought of each day, and what the warehouse held of it when the window was closed.

ALTER TABLE control.load
    ADD COLUMN staged_bytes bigint,
    ADD COLUMN extract_seconds double precision,
    ADD COLUMN stage_seconds double precision,
    ADD COLUMN merge_seconds double precision,
    ADD COLUMN publish_seconds double precision,
    ADD COLUMN reconcile_seconds double precision;

COMMENT ON COLUMN control.load.staged_bytes IS 'Bytes of the window''s Parquet files.';
COMMENT ON COLUMN control.load.extract_seconds IS 'How long extract took; of steps that were repeated, the last time.';
COMMENT ON COLUMN control.load.stage_seconds IS 'How long stage took.';
COMMENT ON COLUMN control.load.merge_seconds IS 'How long merge took.';
COMMENT ON COLUMN control.load.publish_seconds IS 'How long publish took.';
COMMENT ON COLUMN control.load.reconcile_seconds IS 'How long reconcile took until its books stood in gold.';

CREATE TABLE control.load_arrival_day (
    load_id text NOT NULL REFERENCES control.load ON DELETE CASCADE,
    arrived_on date NOT NULL,
    accepted bigint NOT NULL,
    rejected bigint NOT NULL,
    PRIMARY KEY (load_id, arrived_on)
);

COMMENT ON TABLE control.load_arrival_day IS
    'Events of a window by UTC day of arrival. Stays when the lake drops the day: then it is all that tells of it.';
COMMENT ON COLUMN control.load_arrival_day.load_id IS 'The window.';
COMMENT ON COLUMN control.load_arrival_day.arrived_on IS 'UTC day of arrived_at.';
COMMENT ON COLUMN control.load_arrival_day.accepted IS 'Events that keep the contract.';
COMMENT ON COLUMN control.load_arrival_day.rejected IS 'Events that break it.';

CREATE TABLE control.load_service_day (
    load_id text NOT NULL REFERENCES control.load ON DELETE CASCADE,
    service_date date NOT NULL,
    accepted bigint NOT NULL,
    duplicates bigint NOT NULL,
    events bigint,
    fare_minor_units bigint,
    trips bigint,
    revenue_minor_units bigint,
    PRIMARY KEY (load_id, service_date)
);

CREATE INDEX load_service_day_date ON control.load_service_day (service_date);

COMMENT ON TABLE control.load_service_day IS
    'Events of a window by service date, and what the warehouse held of that date when the window was closed.';
COMMENT ON COLUMN control.load_service_day.load_id IS 'The window.';
COMMENT ON COLUMN control.load_service_day.service_date IS 'Local day on which the trips were reserved.';
COMMENT ON COLUMN control.load_service_day.accepted IS 'Events of the window that keep the contract.';
COMMENT ON COLUMN control.load_service_day.duplicates IS 'Those that repeat one that was seen before.';
COMMENT ON COLUMN control.load_service_day.events IS 'Rows of silver.trip_event at the close; NULL until then.';
COMMENT ON COLUMN control.load_service_day.fare_minor_units IS 'Sum of fare.total of its trip_end events, minor units.';
COMMENT ON COLUMN control.load_service_day.trips IS 'Rows of silver.trip at the close.';
COMMENT ON COLUMN control.load_service_day.revenue_minor_units IS 'Sum of total of completed trips, minor units.';
