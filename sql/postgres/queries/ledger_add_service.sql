-- Events that came to a window of a service date after it was closed.
INSERT INTO control.load_service_day AS service_day (load_id, service_date, accepted, duplicates)
VALUES (%(load_id)s, %(service_date)s, %(accepted)s, %(duplicates)s)
ON CONFLICT (load_id, service_date) DO UPDATE SET
    accepted = service_day.accepted + excluded.accepted,
    duplicates = service_day.duplicates + excluded.duplicates
