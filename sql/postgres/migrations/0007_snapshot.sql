-- Warehouses that stay at a time of the past: they need no day of the lake any more.

CREATE TABLE control.snapshot (
    target text PRIMARY KEY,
    made_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE control.snapshot IS
    'One row per BigQuery target that `python -m warehouse as-of` built. The lake keeps no day for it.';
COMMENT ON COLUMN control.snapshot.target IS 'project.dataset_prefix of the target.';
COMMENT ON COLUMN control.snapshot.made_at IS 'When it was begun.';
