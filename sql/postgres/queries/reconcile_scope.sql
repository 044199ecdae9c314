-- What a reconciliation looks at, for this transaction: ranges of offsets, the coordinates the warehouse refused, and
-- service dates that the lake no longer has all events of.
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
) ON COMMIT DROP;
CREATE TEMPORARY TABLE dropped_date (
    service_date text NOT NULL
) ON COMMIT DROP
