-- The rules of data quality that trips break; such trips are kept and flagged.
SELECT rule, explanation, trips, share
FROM `{gold}.dirty_trips`
WHERE trips > 0
ORDER BY trips DESC
