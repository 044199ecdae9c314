-- Events of a window and a day of arrival that were rejected and now are not.
UPDATE control.load_arrival_day
SET accepted = accepted + %(accepted)s, rejected = rejected - %(accepted)s
WHERE load_id = %(load_id)s AND arrived_on = %(arrived_on)s
