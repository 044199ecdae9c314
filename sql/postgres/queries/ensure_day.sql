SELECT raw.ensure_day(%(day)s);
