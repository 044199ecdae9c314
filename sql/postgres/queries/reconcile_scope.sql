-- What a reconciliation looks at, for this transaction: ranges of offsets, and the coordinates the warehouse refused.
CREATE TEMPORARY TABLE reconciled_range (
    topic text NOT NULL,
    kafka_partition integer NOT NULL,
    from_offset bigint NOT NULL,
    to_offset bigint NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE refused_coordinate (
    topic text NOT NULL,
    kafka_partition integer NOT NULL,
    kafka_offset bigint NOT NULL
) ON COMMIT DROP
