-- Windows that have events of these service dates, and those that were loaded before dates were written down.
SELECT load.load_id
FROM control.load
LEFT JOIN control.load_service_day AS service_day ON load.load_id = service_day.load_id
WHERE load.target = %(target)s
GROUP BY load.load_id
HAVING
    bool_or(service_day.service_date BETWEEN %(first)s AND %(last)s)
    OR coalesce(sum(service_day.accepted), 0) <> load.accepted
