SELECT pg_advisory_unlock(hashtextextended('control.migration', 0));
