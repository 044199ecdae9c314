GRANT USAGE, CREATE ON SCHEMA raw TO {maintenance};
ALTER FUNCTION raw.ensure_day(date) OWNER TO {maintenance};
