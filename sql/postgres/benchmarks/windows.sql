-- All windows in order, and how far each is.
SELECT load_id, state, offsets, extract(epoch FROM planned_at)::double precision AS planned_at
FROM control.load
ORDER BY sequence;
