-- For how many seconds no window has been completed for a target; NULL when none ever was.
SELECT extract(epoch FROM clock_timestamp() - max(changed_at))::double precision AS idle_seconds
FROM control.load
WHERE target = %(target)s AND state = 'reconciled'
