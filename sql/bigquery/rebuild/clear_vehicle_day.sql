-- These days are computed from nothing: what stands may be what is wrong.
DELETE FROM `{silver}.vehicle_day`
WHERE {bounds service_date};
