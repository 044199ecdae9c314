-- The areas that are predicted.
SELECT zone_key
FROM `{gold}.dim_zone`
ORDER BY zone_key;
