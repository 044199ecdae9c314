-- Service dates of one window.
SELECT service_date
FROM control.load_service_day
WHERE load_id = %(load_id)s
ORDER BY service_date
