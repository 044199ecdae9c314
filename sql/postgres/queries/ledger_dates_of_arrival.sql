-- Service dates of the windows that have events of some days of arrival.
SELECT DISTINCT service_day.service_date
FROM control.load_arrival_day AS arrival_day
INNER JOIN control.load ON arrival_day.load_id = load.load_id
INNER JOIN control.load_service_day AS service_day ON arrival_day.load_id = service_day.load_id
WHERE load.target = %(target)s AND load.state = 'reconciled' AND arrival_day.arrived_on = any(%(days)s)
ORDER BY service_day.service_date
