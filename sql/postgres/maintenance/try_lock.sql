SELECT pg_try_advisory_lock(hashtextextended('lake.maintenance', 0))
