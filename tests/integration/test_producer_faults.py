"""A broker that dies under load: nothing is doubled, and nothing is called delivered that is not there."""

import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from contracts.broker import ensure_topic, partition_ranges
from contracts.errors import ExitCode
from contracts.settings import KafkaSettings, ProducerSettings, child_environment
from producer.intake import Intake
from producer.mapping import load_mapping
from producer.messages import encoder
from producer.replay import replay
from stack.native import NativeStack
from tests.support.chicago_rows import row, write_csv
from tests.support.commands import start
from tests.support.topic import messages_on

TRIPS = 2_000
RATE = 1_000


@pytest.fixture
def trips_file(tmp_path: Path) -> Path:
    rows = [row(trip_start_timestamp=str(1462556700 + number)) for number in range(TRIPS)]
    return write_csv(tmp_path / "trips.csv", rows)


def begin(kafka: KafkaSettings, settings: ProducerSettings, trips_file: Path) -> subprocess.Popen[str]:
    """Start a replay of ten seconds and return when a good part of it has arrived."""
    ensure_topic(kafka)
    replay = ("replay", "--file", str(trips_file), "--rate", str(RATE), "--json")
    process = start(child_environment(kafka, settings), "producer", *replay)
    deadline = time.monotonic() + 60
    while sum(each.high for each in partition_ranges(kafka)) < RATE:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.1)
    return process


def test_a_broker_that_dies_and_comes_back_costs_nothing(
    fresh_services: Callable[..., NativeStack], trips_file: Path
) -> None:
    stack = fresh_services("kafka")
    with begin(stack.kafka, ProducerSettings(), trips_file) as process:
        stack.running["kafka"].kill()
        assert process.poll() is None, "the fault came too late to prove anything"
        time.sleep(2)
        stack.restart("kafka")
        output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    report = json.loads(output)
    assert report["produced"] == report["acknowledged"] == 5 * TRIPS
    assert report["seconds"] > 5 * TRIPS / RATE
    events = replay(Intake([trips_file], load_mapping("chicago")))
    expected = Counter((event.trip_id, encoder.encode(event)) for _, event in events)
    assert Counter((each.key, each.value) for each in messages_on(stack.kafka)) == expected


def test_a_signal_while_the_broker_is_dead_ends_before_anyone_kills(
    fresh_services: Callable[..., NativeStack], trips_file: Path
) -> None:
    stack = fresh_services("kafka")
    with begin(stack.kafka, ProducerSettings(queue_messages=100), trips_file) as process:
        stack.running["kafka"].kill()
        time.sleep(2)
        asked = time.monotonic()
        process.terminate()
        output, errors = process.communicate(timeout=60)
        assert time.monotonic() - asked < 30
    assert process.returncode == ExitCode.UNCONFIRMED, errors
    report = json.loads(output)
    assert 0 < report["failed"] <= 101
    stack.restart("kafka")
    assert len(messages_on(stack.kafka)) >= report["acknowledged"] >= RATE


def test_a_broker_that_stays_dead_ends_in_an_error_and_true_counts(
    fresh_services: Callable[..., NativeStack], trips_file: Path
) -> None:
    stack = fresh_services("kafka")
    with begin(stack.kafka, ProducerSettings(delivery_timeout_seconds=5), trips_file) as process:
        stack.running["kafka"].kill()
        output, errors = process.communicate(timeout=60)
    assert process.returncode == ExitCode.UNCONFIRMED, errors
    assert stack.kafka.bootstrap_servers in errors
    report = json.loads(output)
    assert report["failed"] > 0
    assert report["produced"] == report["acknowledged"] + report["failed"]
    stack.restart("kafka")
    assert len(messages_on(stack.kafka)) >= report["acknowledged"] >= RATE
