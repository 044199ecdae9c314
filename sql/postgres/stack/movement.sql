-- How far the events of a topic have come: into the lake, and reconciled in one BigQuery target. Ages in seconds.
SELECT
    (
        SELECT coalesce(sum(next_offset), 0)::bigint
        FROM raw.consumer_offset
        WHERE topic = %(topic)s
    ) AS landed,
    (
        SELECT extract(epoch FROM clock_timestamp() - max(updated_at))::double precision
        FROM raw.consumer_offset
        WHERE topic = %(topic)s
    ) AS landed_age,
    (
        SELECT count(*)
        FROM raw.dead_letter
        WHERE topic = %(topic)s
    ) AS dead_lettered,
    (
        SELECT coalesce(sum(loaded_range.to_offset - loaded_range.from_offset), 0)::bigint
        FROM control.load_range AS loaded_range
        INNER JOIN control.load AS finished USING (load_id)
        WHERE
            finished.state = 'reconciled'
            AND loaded_range.target = %(target)s
            AND loaded_range.topic = %(topic)s
    ) AS loaded,
    (
        SELECT extract(epoch FROM clock_timestamp() - max(changed_at))::double precision
        FROM control.load
        WHERE state = 'reconciled' AND target = %(target)s
    ) AS loaded_age
