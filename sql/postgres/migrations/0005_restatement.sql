-- What a person asked to be loaded or built again, beside the ordinary windows: how far it is, and what it came to.

CREATE TABLE control.restatement (
    restatement_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('backfill', 'rebuild_silver', 'rebuild_gold', 'replay_rejected')),
    scope jsonb NOT NULL,
    done jsonb NOT NULL DEFAULT '{}',
    counts jsonb,
    started_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);

COMMENT ON TABLE control.restatement IS
    'One row per backfill, rebuild or replay of rejected events of one BigQuery target. An unfinished one goes on where '
    'it stopped when it is asked for again.';
COMMENT ON COLUMN control.restatement.target IS 'project.dataset_prefix of the warehouse.';
COMMENT ON COLUMN control.restatement.scope IS 'What was asked for: load id, days, reason; empty for everything.';
COMMENT ON COLUMN control.restatement.done IS 'Parts that are complete, by name, and what each found.';
COMMENT ON COLUMN control.restatement.counts IS 'What it came to; NULL until it is finished.';
COMMENT ON COLUMN control.restatement.finished_at IS 'When it was complete; NULL while it is not.';

CREATE UNIQUE INDEX restatement_unfinished ON control.restatement (target, kind, scope) WHERE finished_at IS NULL;

CREATE TABLE control.replayed_event (
    target text NOT NULL,
    topic text NOT NULL,
    kafka_partition integer NOT NULL,
    kafka_offset bigint NOT NULL,
    restatement_id bigint NOT NULL REFERENCES control.restatement,
    load_id text NOT NULL,
    reason text NOT NULL,
    field text NOT NULL,
    replayed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (target, topic, kafka_partition, kafka_offset, restatement_id)
);

COMMENT ON TABLE control.replayed_event IS
    'One row per rejected event that a later contract let pass, and the replay that moved it to silver and gold.';
COMMENT ON COLUMN control.replayed_event.load_id IS 'The window that the event came in.';
COMMENT ON COLUMN control.replayed_event.reason IS 'Why the event had been rejected: a RejectionReason.';
COMMENT ON COLUMN control.replayed_event.field IS 'JSON path of the field that had broken the contract.';
