SELECT pg_advisory_lock(hashtextextended('control.migration', 0));
