SELECT pg_try_advisory_lock(hashtextextended('raw.dead_letter_replay', 0))
