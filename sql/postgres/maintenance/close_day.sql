-- Freezes what is not frozen yet and learns the new indexes' statistics; keeps the empty end, which would need a lock.
VACUUM (FREEZE, ANALYZE, TRUNCATE false) {day}
