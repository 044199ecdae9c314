UPDATE raw.dead_letter_replay
SET to_partition = %(to_partition)s, to_offset = %(to_offset)s, published_at = now()
WHERE replay_id = %(replay_id)s
