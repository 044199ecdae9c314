CREATE INDEX candidate ON {day} USING brin ((JSON_VALUE(payload, '$.service_date ? (@ like_regex "^20[0-9]{{2}}-[01][0-9]-[0-3][0-9]$")' RETURNING date)))
