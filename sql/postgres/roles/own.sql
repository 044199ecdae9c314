ALTER TABLE {day} OWNER TO {maintenance}
