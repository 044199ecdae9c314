-- Dead letters are fixed and replayed with an audit; a topic that was made anew is noticed.

CREATE TABLE raw.topic_identity (
    topic text PRIMARY KEY,
    topic_id text NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE raw.topic_identity IS
    'Kafka''s id of each topic whose offsets the lake holds. A topic that was deleted and made anew has another one. '
    'Grain: topic.';
COMMENT ON COLUMN raw.topic_identity.topic IS 'Kafka topic.';
COMMENT ON COLUMN raw.topic_identity.topic_id IS 'Kafka''s id of the topic, base64.';
COMMENT ON COLUMN raw.topic_identity.noted_at IS 'When a consumer read the topic for the first time.';

CREATE TABLE raw.dead_letter_fix (
    topic text NOT NULL,
    kafka_partition integer NOT NULL,
    kafka_offset bigint NOT NULL,
    fixed_at timestamptz NOT NULL DEFAULT now(),
    fixed_by text NOT NULL,
    method text NOT NULL,
    message_key bytea,
    message_value bytea NOT NULL,
    PRIMARY KEY (topic, kafka_partition, kafka_offset),
    FOREIGN KEY (topic, kafka_partition, kafka_offset) REFERENCES raw.dead_letter
);

COMMENT ON TABLE raw.dead_letter_fix IS
    'What a dead letter is to say when it is replayed; the letter itself stays as it is. Grain: a dead letter.';
COMMENT ON COLUMN raw.dead_letter_fix.topic IS 'Kafka topic of the dead letter.';
COMMENT ON COLUMN raw.dead_letter_fix.kafka_partition IS 'Its partition.';
COMMENT ON COLUMN raw.dead_letter_fix.kafka_offset IS 'Its offset.';
COMMENT ON COLUMN raw.dead_letter_fix.fixed_at IS 'When it was fixed last.';
COMMENT ON COLUMN raw.dead_letter_fix.fixed_by IS 'Who fixed it.';
COMMENT ON COLUMN raw.dead_letter_fix.method IS 'How: the rules, patch or file, in order; never a part of the message.';
COMMENT ON COLUMN raw.dead_letter_fix.message_key IS 'Key to be published.';
COMMENT ON COLUMN raw.dead_letter_fix.message_value IS 'Value to be published; it passes the lake''s door.';

CREATE TABLE raw.dead_letter_replay (
    replay_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    kafka_partition integer NOT NULL,
    kafka_offset bigint NOT NULL,
    begun_at timestamptz NOT NULL DEFAULT now(),
    replayed_by text NOT NULL,
    to_partition integer,
    to_offset bigint,
    published_at timestamptz,
    FOREIGN KEY (topic, kafka_partition, kafka_offset) REFERENCES raw.dead_letter_fix
);
CREATE INDEX dead_letter_replay_letter ON raw.dead_letter_replay (topic, kafka_partition, kafka_offset);

COMMENT ON TABLE raw.dead_letter_replay IS
    'Audit of replays. Written before the message is published, completed when Kafka has confirmed it: without to_offset '
    'nobody knows whether it was. Grain: one attempt.';
COMMENT ON COLUMN raw.dead_letter_replay.replay_id IS 'Order of the attempts.';
COMMENT ON COLUMN raw.dead_letter_replay.topic IS 'Kafka topic of the dead letter, and of its replay.';
COMMENT ON COLUMN raw.dead_letter_replay.kafka_partition IS 'Partition of the dead letter.';
COMMENT ON COLUMN raw.dead_letter_replay.kafka_offset IS 'Offset of the dead letter.';
COMMENT ON COLUMN raw.dead_letter_replay.begun_at IS 'When it was about to be published.';
COMMENT ON COLUMN raw.dead_letter_replay.replayed_by IS 'Who replayed it.';
COMMENT ON COLUMN raw.dead_letter_replay.to_partition IS 'Partition that it was published to.';
COMMENT ON COLUMN raw.dead_letter_replay.to_offset IS 'Offset that it got there.';
COMMENT ON COLUMN raw.dead_letter_replay.published_at IS 'When Kafka confirmed it.';

CREATE TABLE raw.dead_letter_landing (
    topic text NOT NULL,
    kafka_partition integer NOT NULL,
    kafka_offset bigint NOT NULL,
    to_topic text NOT NULL,
    to_partition integer NOT NULL,
    to_offset bigint NOT NULL,
    landed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, kafka_partition, kafka_offset)
);

COMMENT ON TABLE raw.dead_letter_landing IS
    'Dead letters whose replay has landed: the fence that lets one replay of each land, however often it was published. '
    'Written by the consumer in the transaction that lands the replay. Grain: a dead letter.';
COMMENT ON COLUMN raw.dead_letter_landing.topic IS 'Kafka topic of the dead letter, as the replay''s header says.';
COMMENT ON COLUMN raw.dead_letter_landing.kafka_partition IS 'Its partition.';
COMMENT ON COLUMN raw.dead_letter_landing.kafka_offset IS 'Its offset.';
COMMENT ON COLUMN raw.dead_letter_landing.to_topic IS 'Topic of the replay that landed.';
COMMENT ON COLUMN raw.dead_letter_landing.to_partition IS 'Its partition.';
COMMENT ON COLUMN raw.dead_letter_landing.to_offset IS 'Its offset.';
COMMENT ON COLUMN raw.dead_letter_landing.landed_at IS 'When it landed.';
