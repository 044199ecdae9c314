-- When the newest window of gold was closed; NULL before the first.
SELECT MAX(closed_at) AS closed_at
FROM `{gold}.health_window`
