-- Columns and key as Debezium's JDBC sink names them; the payload as jsonb, as in the lake.
CREATE TABLE public.trip_event (
    __connect_topic text NOT NULL,
    __connect_partition integer NOT NULL,
    __connect_offset bigint NOT NULL,
    payload jsonb NOT NULL,
    PRIMARY KEY (__connect_topic, __connect_partition, __connect_offset)
);
