-- For a topic that was filled a short while ago.
SELECT raw.ensure_day(((now() AT TIME ZONE 'UTC')::date + ahead)) FROM generate_series(-1, 1) AS ahead;
