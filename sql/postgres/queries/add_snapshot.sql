-- Mark a target as a snapshot; no row comes back when it is a warehouse with windows of its own.
INSERT INTO control.snapshot AS known (target)
SELECT %(target)s::text
WHERE
    EXISTS (SELECT FROM control.snapshot WHERE target = %(target)s::text)
    OR NOT EXISTS (SELECT FROM control.load WHERE target = %(target)s::text)
ON CONFLICT (target) DO UPDATE SET made_at = known.made_at
RETURNING target
