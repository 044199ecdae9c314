-- What each role may do, and nothing else. One transaction: nobody is without rights meanwhile.
REVOKE ALL ON DATABASE {database} FROM PUBLIC;
GRANT CONNECT ON DATABASE {database} TO {consumer}, {warehouse}, {maintenance}, {analyst};
GRANT TEMPORARY ON DATABASE {database} TO {warehouse};

REVOKE ALL ON ALL TABLES IN SCHEMA raw FROM {consumer}, {warehouse}, {analyst};
REVOKE ALL ON ALL TABLES IN SCHEMA control, lake FROM {consumer}, {warehouse}, {maintenance}, {analyst};
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA raw FROM PUBLIC;

-- The consumer adds, and moves its offsets; what has landed it cannot change.
GRANT USAGE ON SCHEMA raw TO {consumer};
GRANT INSERT ON raw.trip_event, raw.dead_letter TO {consumer};
GRANT SELECT, INSERT, UPDATE ON raw.consumer_offset TO {consumer};
GRANT SELECT, INSERT ON raw.topic_identity, raw.dead_letter_landing TO {consumer};
GRANT EXECUTE ON FUNCTION raw.ensure_day(date) TO {consumer};

-- The warehouse reads the lake and keeps its books.
GRANT USAGE ON SCHEMA raw, control, lake TO {warehouse};
GRANT SELECT ON ALL TABLES IN SCHEMA raw, lake TO {warehouse};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA control TO {warehouse};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA control TO {warehouse};
REVOKE INSERT, UPDATE, DELETE ON control.migration FROM {warehouse};

-- Maintenance owns raw.trip_event and its days: only an owner detaches a partition.
GRANT USAGE, CREATE ON SCHEMA raw TO {maintenance};
GRANT USAGE ON SCHEMA control, lake TO {maintenance};
GRANT SELECT ON raw.consumer_offset TO {maintenance};
GRANT SELECT, DELETE ON raw.dead_letter, raw.dead_letter_fix, raw.dead_letter_replay TO {maintenance};
GRANT SELECT ON ALL TABLES IN SCHEMA control, lake TO {maintenance};
GRANT INSERT, UPDATE ON control.roll_up_offset, control.closed_service_date TO {maintenance};
GRANT INSERT, DELETE ON lake.trip_hour TO {maintenance};

-- Analysts see schema lake.
GRANT USAGE ON SCHEMA lake TO {analyst};
GRANT SELECT ON ALL TABLES IN SCHEMA lake TO {analyst};
