-- What is known of one window.
SELECT
    load_id,
    offsets,
    landed,
    accepted,
    rejected,
    duplicate_equal,
    duplicate_different,
    staged_bytes,
    extract_seconds,
    stage_seconds,
    merge_seconds,
    publish_seconds,
    planned_at
FROM control.load
WHERE load_id = %(load_id)s
