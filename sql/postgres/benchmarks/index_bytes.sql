SELECT pg_relation_size('raw.candidate')
