CREATE SCHEMA IF NOT EXISTS control;

CREATE TABLE IF NOT EXISTS control.migration (
    name text PRIMARY KEY,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE control.migration IS 'Migrations that were applied. Grain: one file of sql/postgres/migrations.';
COMMENT ON COLUMN control.migration.name IS 'File name without its ending, e.g. 0001_lake.';
COMMENT ON COLUMN control.migration.checksum IS 'SHA-256 of the file, hexadecimal.';
COMMENT ON COLUMN control.migration.applied_at IS 'When it was applied.';
