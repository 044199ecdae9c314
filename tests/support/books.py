"""What Kafka holds, what the lake took and what stands in BigQuery, message by message."""

import json
from typing import Any, NamedTuple

from confluent_kafka import Consumer, TopicPartition

from contracts.broker import partition_ranges
from contracts.check import check
from contracts.event import TripEvent
from contracts.lake import connect
from contracts.settings import BigQuerySettings, KafkaSettings, LakeSettings
from warehouse.bigquery import connect as connect_bigquery

Coordinates = tuple[int, int]


class Books(NamedTuple):
    """Messages by (partition, offset); ids of BigQuery's events and trips, as often as they are there."""

    produced: dict[Coordinates, bytes]
    landed: dict[Coordinates, str]
    dead: dict[Coordinates, bytes]
    event_ids: list[str]
    trip_ids: list[str]
    gold_trips: int

    def verify(self) -> None:
        """Hold that every message is in exactly one place, with its payload, and every event in BigQuery once."""
        assert self.landed.keys() | self.dead.keys() == self.produced.keys()
        assert not self.landed.keys() & self.dead.keys()
        assert {at: json.loads(text) for at, text in self.landed.items()} == {
            at: json.loads(self.produced[at]) for at in self.landed
        }
        assert self.dead == {at: self.produced[at] for at in self.dead}
        events = [event for event in map(check, self.landed.values()) if isinstance(event, TripEvent)]
        assert sorted(self.event_ids) == sorted({event.event_id for event in events})
        assert sorted(self.trip_ids) == sorted({event.trip_id for event in events})
        assert self.gold_trips == len(self.trip_ids)


def read_books(kafka: KafkaSettings, lake: LakeSettings, bigquery: BigQuerySettings) -> Books:
    """Read all of it; nothing may be moving meanwhile."""
    with connect(lake, application="test") as connection:
        landed = connection.execute("SELECT kafka_partition, kafka_offset, payload::text FROM raw.trip_event")
        texts = {(partition, offset): text for partition, offset, text in landed}
        dead = connection.execute("SELECT kafka_partition, kafka_offset, message_value FROM raw.dead_letter")
        values = {(partition, offset): value for partition, offset, value in dead}
    return Books(
        produced=read_topic(kafka),
        landed=texts,
        dead=values,
        event_ids=[row["event_id"] for row in query(bigquery, "SELECT event_id FROM `silver.trip_event`")],
        trip_ids=[row["trip_id"] for row in query(bigquery, "SELECT trip_id FROM `silver.trip`")],
        gold_trips=query(bigquery, "SELECT COUNT(*) AS trips FROM `gold.fact_trip`")[0]["trips"],
    )


def read_topic(kafka: KafkaSettings) -> dict[Coordinates, bytes]:
    """Return every message of the topic."""
    ranges = partition_ranges(kafka)
    consumer = Consumer({**kafka.client_config(), "group.id": "books", "enable.auto.commit": False})
    try:
        consumer.assign([TopicPartition(each.topic, each.partition, each.low) for each in ranges])
        found: dict[Coordinates, bytes] = {}
        while len(found) < sum(each.high - each.low for each in ranges):
            message = consumer.poll(120)
            assert message is not None, "Kafka has no more messages than these"
            assert message.error() is None, message.error()
            found[message.partition() or 0, message.offset() or 0] = message.value() or b""
        return found
    finally:
        consumer.close()


def query(bigquery: BigQuerySettings, sql: str) -> list[dict[str, Any]]:
    """Return the rows of a statement whose tables are in the settings' project."""
    return connect_bigquery(bigquery).query(sql, "test")
