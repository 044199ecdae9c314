"""Producer → Kafka → lake → Mage → BigQuery, the consumer killed on the way: nothing lost, nothing twice.

The judge is the topic itself, read apart from the consumer: every acknowledged message must stand in the lake or
among the dead letters, and what keeps the contract must stand in silver as its newest version says.
"""

import json
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from confluent_kafka import Consumer, TopicPartition

from contracts.broker import partition_ranges
from contracts.check import check
from contracts.event import TripEvent
from contracts.lake import connect as connect_lake
from contracts.settings import BigQuerySettings, KafkaSettings, LakeSettings
from tests.support.commands import run, run_json, start
from tests.support.landing_site import LandingSite
from warehouse.bigquery import BigQuery, connect
from warehouse.names import Target, render

EVENTS = "SELECT * FROM `{silver}.trip_event` ORDER BY event_id, service_date"
TRIPS = "SELECT * FROM `{silver}.trip` ORDER BY trip_id, service_date"
FACTS = "SELECT * FROM `{gold}.fact_trip` ORDER BY trip_id, service_date"
REJECTED = "SELECT * FROM `{bronze}.rejected_event` ORDER BY kafka_topic, kafka_partition, kafka_offset"


class Issued(NamedTuple):
    """A message as the broker holds it."""

    partition: int
    offset: int
    value: bytes


def issued(kafka: KafkaSettings) -> Iterator[Issued]:
    """Read the whole topic, as nobody's consumer group."""
    ranges = [each for each in partition_ranges(kafka) if each.high > each.low]
    consumer = Consumer({**kafka.client_config(), "group.id": "judge", "enable.auto.commit": False})
    try:
        for each in ranges:
            consumer.assign([TopicPartition(each.topic, each.partition, each.low)])
            position = each.low
            while position < each.high:
                message = consumer.poll(120)
                assert message is not None, f"the broker is silent at {each.topic}/{each.partition}/{position}"
                assert message.error() is None, message.error()
                offset = message.offset()
                assert offset is not None
                yield Issued(each.partition, offset, message.value() or b"")
                position = offset + 1
    finally:
        consumer.close()


def landed(lake: LakeSettings) -> dict[tuple[int, int], Any]:
    """Return the payload of every row of the lake by its coordinates; a coordinate twice fails."""
    with connect_lake(lake, application="test") as connection:
        rows = connection.execute("SELECT kafka_partition, kafka_offset, payload FROM raw.trip_event").fetchall()
    found = {(partition, offset): payload for partition, offset, payload in rows}
    assert len(found) == len(rows), "a message stands twice in the lake"
    return found


def dead_letters(lake: LakeSettings) -> dict[tuple[int, int], bytes]:
    """Return the bytes of every dead letter by its coordinates."""
    with connect_lake(lake, application="test") as connection:
        rows = connection.execute("SELECT kafka_partition, kafka_offset, message_value FROM raw.dead_letter").fetchall()
    return {(partition, offset): bytes(value or b"") for partition, offset, value in rows}


def newest(messages: list[Issued], in_lake: set[tuple[int, int]]) -> tuple[dict[str, TripEvent], int]:
    """Return the newest valid version of each event id, and how many landed messages break the contract."""
    versions: dict[str, tuple[tuple[int, int, int], TripEvent]] = {}
    rejected = 0
    for each in messages:
        if (each.partition, each.offset) not in in_lake:
            continue
        event = check(each.value)
        if not isinstance(event, TripEvent):
            rejected += 1
            continue
        order = (event.publication_time, each.partition, each.offset)
        if event.event_id not in versions or versions[event.event_id][0] < order:
            versions[event.event_id] = (order, event)
    return {event_id: event for event_id, (_, event) in versions.items()}, rejected


def as_silver(event: TripEvent) -> dict[str, Any]:
    """Return what silver.trip_event must say of an event."""
    fare = {} if event.fare is None else msgspec.to_builtins(event.fare)
    return {
        "event_id": event.event_id,
        "service_date": event.service_date,
        "trip_id": event.trip_id,
        "event_types": list(event.event_types),
        "vehicle_state": event.vehicle_state,
        "occurred_at": datetime.fromtimestamp(event.timestamp / 1000, UTC),
        "published_at": datetime.fromtimestamp(event.publication_time / 1000, UTC),
        "provider_id": event.provider_id,
        "provider_name": event.provider_name,
        "device_id": event.device_id,
        "vehicle_id": event.vehicle_id,
        "latitude": event.location.lat if event.location else None,
        "longitude": event.location.lng if event.location else None,
        "pickup_area": event.pickup_area,
        "dropoff_area": event.dropoff_area,
        "distance_metres": event.distance,
        "duration_seconds": event.duration,
        "schema_version": event.schema_version,
        **{
            name: fare.get(name)
            for name in ("currency", "payment_type", "base_fare", "tolls", "extras", "tip", "total")
        },
    }


def tables(warehouse: BigQuery, target: Target) -> dict[str, list[dict[str, Any]]]:
    """Return every row of the tables that a second run must not change."""
    queries = {"events": EVENTS, "trips": TRIPS, "facts": FACTS, "rejected": REJECTED}
    return {name: warehouse.query(render(sql, target), "test") for name, sql in queries.items()}


def load_all(environment: dict[str, str]) -> None:
    run(environment, "mage_project", "run", "trips_to_bigquery", "--until-caught-up", timeout=600)


def judge(kafka: KafkaSettings, lake: LakeSettings, warehouse: BigQuery, target: Target) -> list[Issued]:
    """Hold the lake and silver against the topic; return what the topic holds."""
    messages = list(issued(kafka))
    in_lake, dead = landed(lake), dead_letters(lake)
    coordinates = {(each.partition, each.offset) for each in messages}
    assert in_lake.keys() | dead.keys() == coordinates
    assert not in_lake.keys() & dead.keys()
    for each in messages:
        where = (each.partition, each.offset)
        if where in dead:
            assert dead[where] == each.value
        else:
            assert in_lake[where] == msgspec.json.decode(each.value)

    expected, rejected = newest(messages, set(in_lake))
    found = tables(warehouse, target)
    assert len(found["rejected"]) == rejected
    assert len(found["events"]) == len(expected)
    for row in found["events"]:
        wanted = as_silver(expected[row["event_id"]])
        assert {**{name: row[name] for name in wanted}, "service_date": row["service_date"].isoformat()} == wanted
    assert {row["trip_id"] for row in found["trips"]} == {event.trip_id for event in expected.values()}
    assert [row["trip_id"] for row in found["trips"]] == [row["trip_id"] for row in found["facts"]]
    return messages


@pytest.mark.timeout(900)
def test_nothing_is_lost_or_doubled_when_the_consumer_is_killed(
    environment: dict[str, str],
    kafka_settings: KafkaSettings,
    lake_settings: LakeSettings,
    bigquery_settings: BigQuerySettings,
    tmp_path: Path,
) -> None:
    run(environment, "consumer", "migrate")
    small = {**environment, "TRIPLINE_CONSUMER_BATCH_ROWS": "200"}
    site = LandingSite(kafka_settings, lake_settings)
    victim = start(small, "consumer", "run")
    try:
        site.wait_until(lambda: site.members() == [kafka_settings.partitions], victim)
        truth = str(tmp_path / "truth.jsonl")
        options = ("--seed", "7", "--limit", "1500", "--dirt", "malformed=0.02", "--ground-truth", truth)
        # Slow enough that the consumer is killed in the middle, on a machine of any speed.
        producer = start(environment, "producer", "simulate", *options, "--rate", "1000", "--json")
        site.wait_until(lambda: site.landed() > 0, victim)
        victim.send_signal(signal.SIGKILL)
    finally:
        victim.kill()
        victim.communicate()
        site.disconnect()
    said, problem = producer.communicate(timeout=300)
    assert producer.returncode == 0, problem
    produced = json.loads(said)
    at_the_kill = len(landed(lake_settings)) + len(dead_letters(lake_settings))
    assert 0 < at_the_kill < produced["acknowledged"], "the kill came too late to prove anything"

    run(environment, "consumer", "run", "--until-end")
    load_all(environment)
    warehouse, target = connect(bigquery_settings), Target.of(bigquery_settings)
    messages = judge(kafka_settings, lake_settings, warehouse, target)
    assert len(messages) == produced["acknowledged"]
    assert dead_letters(lake_settings), "the simulation sent nothing that is not JSON"
    run(environment, "warehouse", "reconcile")

    before = tables(warehouse, target)
    load_all(environment)
    assert tables(warehouse, target) == before, "running the pipeline again changed the tables"

    more = run_json(environment, "producer", "simulate", "--seed", "8", "--limit", "3")
    run(environment, "consumer", "run", "--until-end")
    load_all(environment)
    messages = judge(kafka_settings, lake_settings, warehouse, target)
    assert len(messages) == produced["acknowledged"] + more["acknowledged"]
    run(environment, "warehouse", "reconcile")
