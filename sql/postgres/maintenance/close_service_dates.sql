-- What a dropped day told of these dates can not be read again: their roll-ups stay as they are.
INSERT INTO control.closed_service_date (service_date)
SELECT DISTINCT
    JSON_VALUE(payload, '$.service_date ? (@ like_regex "^20[0-9]{{2}}-[01][0-9]-[0-3][0-9]$")' RETURNING date)
FROM {day}
WHERE
    JSON_VALUE(payload, '$.service_date ? (@ like_regex "^20[0-9]{{2}}-[01][0-9]-[0-3][0-9]$")' RETURNING date)
    IS NOT NULL
ON CONFLICT DO NOTHING
