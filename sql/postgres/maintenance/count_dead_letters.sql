SELECT count(*) FROM raw.dead_letter WHERE arrived_at < %(before)s
