"""On a real broker: what the producer reports is what stands on the topic, message by message."""

import base64
import json
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from contracts.broker import ensure_topic, partition_ranges
from contracts.errors import ExitCode, PoisonError
from contracts.event import EventType
from contracts.settings import KafkaSettings, ProducerSettings, child_environment
from producer.delivery import Delivery
from producer.intake import Intake
from producer.mapping import load_mapping
from producer.messages import Message, encoder
from producer.replay import replay
from stack.steps import run_step
from tests.support.chicago_rows import row, write_csv
from tests.support.commands import run, run_json, start
from tests.support.topic import OnTopic, messages_on


@pytest.fixture
def surroundings(kafka_settings: KafkaSettings) -> dict[str, str]:
    """The environment of a producer on this test's topic."""
    return child_environment(kafka_settings, ProducerSettings())


@pytest.fixture
def trips_file(tmp_path: Path) -> Path:
    """Two hundred trips, one a minute."""
    rows = [row(trip_start_timestamp=str(1462556700 + 60 * number)) for number in range(200)]
    return write_csv(tmp_path / "trips.csv", rows)


@contextmanager
def producer(environment: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a producer while the block lasts, and no longer."""
    with start(environment, "producer", *arguments, "--json") as process:
        try:
            yield process
        finally:
            process.kill()


def held(kafka: KafkaSettings) -> int:
    return sum(each.high - each.low for each in partition_ranges(kafka))


def wait_for_messages(kafka: KafkaSettings, count: int, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        if held(kafka) >= count:
            return
        time.sleep(0.2)
    pytest.fail(f"{count} messages did not come")


def finish(process: subprocess.Popen[str], *, expect: int) -> dict[str, Any]:
    output, errors = process.communicate(timeout=120)
    assert process.returncode == expect, errors
    report: dict[str, Any] = json.loads(output)
    return report


def keys_and_values(found: list[OnTopic]) -> Counter[tuple[str, bytes]]:
    return Counter((each.key, each.value) for each in found)


def test_a_replay_puts_every_real_event_on_the_topic_once(
    kafka_settings: KafkaSettings, surroundings: dict[str, str]
) -> None:
    finished = run_step("producer", "replay", "--json", environment=surroundings)
    report = finished.result
    assert {name: report[name] for name in ("produced", "acknowledged", "failed", "trips", "skipped_rows")} == {
        "produced": 75_000,
        "acknowledged": 75_000,
        "failed": 0,
        "trips": 15_000,
        "skipped_rows": 0,
    }
    assert finished.peak_mebibytes < 300
    files = sorted(Path(run_json(surroundings, "producer", "fetch")["folder"]).iterdir())
    expected = [(event.trip_id, encoder.encode(event)) for _, event in replay(Intake(files, load_mapping("chicago")))]
    found = messages_on(kafka_settings)
    assert keys_and_values(found) == Counter(expected)
    assert every_trip_in_one_partition_and_in_order(found)


def every_trip_in_one_partition_and_in_order(found: list[OnTopic]) -> bool:
    kinds: dict[tuple[str, int], list[str]] = {}
    for each in found:
        kinds.setdefault((each.key, each.partition), []).append(json.loads(each.value)["event_types"][0])
    whole = [str(kind) for kind in list(EventType)[:5]]
    return all(each == whole for each in kinds.values())


def test_a_replay_again_is_the_same_bytes_again(
    kafka_settings: KafkaSettings, surroundings: dict[str, str], trips_file: Path
) -> None:
    for _ in range(2):
        run(surroundings, "producer", "replay", "--file", str(trips_file))
    assert set(keys_and_values(messages_on(kafka_settings)).values()) == {2}


def test_a_full_queue_makes_the_producer_wait_and_lose_nothing(kafka_settings: KafkaSettings, trips_file: Path) -> None:
    tight = child_environment(kafka_settings, ProducerSettings(queue_messages=10))
    report = run_json(tight, "producer", "replay", "--file", str(trips_file))
    assert (report["produced"], report["acknowledged"], report["failed"]) == (1000, 1000, 0)
    assert held(kafka_settings) == 1000


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_flushes_and_exits_with_0_and_right_counts(
    kafka_settings: KafkaSettings, surroundings: dict[str, str], trips_file: Path, number: signal.Signals
) -> None:
    ensure_topic(kafka_settings)
    endless = ("replay", "--file", str(trips_file), "--endless", "--rate", "500")
    with producer(surroundings, *endless) as process:
        wait_for_messages(kafka_settings, 300, process)
        process.send_signal(number)
        report = finish(process, expect=0)
    assert report["produced"] == report["acknowledged"] == held(kafka_settings) >= 300
    assert report["failed"] == 0
    starts = [each for each in messages_on(kafka_settings) if b'"reservation_start"' in each.value]
    assert report["trips"] == len(starts)


def test_a_signal_ends_a_long_wait_at_once(
    kafka_settings: KafkaSettings, surroundings: dict[str, str], trips_file: Path
) -> None:
    ensure_topic(kafka_settings)
    slow = ("replay", "--file", str(trips_file), "--speedup", "0.01")
    with producer(surroundings, *slow) as process:
        wait_for_messages(kafka_settings, 3, process)
        asked = time.monotonic()
        process.terminate()
        report = finish(process, expect=0)
    # The next event would have come in hours.
    assert time.monotonic() - asked < 30
    assert report["acknowledged"] == 3


def test_a_broker_that_is_not_there_is_named_within_15_seconds(kafka_settings: KafkaSettings, trips_file: Path) -> None:
    assert KafkaSettings().timeout_seconds <= 10, "what is left of the 15 seconds is for the start"
    nowhere = kafka_settings.model_copy(update={"bootstrap_servers": "127.0.0.1:1", "timeout_seconds": 3.0})
    for command in (("replay", "--file", str(trips_file)), ("simulate",), ("health",)):
        began = time.monotonic()
        done = run(child_environment(nowhere), "producer", *command, expect=ExitCode.UNREACHABLE)
        assert time.monotonic() - began < 15
        assert "127.0.0.1:1" in done.stderr
        assert "Traceback" not in done.stderr


def test_what_the_broker_refuses_counts_as_failed(
    kafka_settings: KafkaSettings, surroundings: dict[str, str], trips_file: Path
) -> None:
    admin = AdminClient(kafka_settings.client_config())
    strict = NewTopic(kafka_settings.topic, num_partitions=1, config={"max.message.bytes": "700"})
    admin.create_topics([strict])[kafka_settings.topic].result(30)
    done = run(surroundings, "producer", "replay", "--file", str(trips_file), "--json", expect=ExitCode.UNCONFIRMED)
    report = json.loads(done.stdout)
    assert report["acknowledged"] == held(kafka_settings) < report["produced"]
    assert report["failed"] == report["produced"] - report["acknowledged"]
    assert kafka_settings.topic in done.stderr
    assert "not acknowledged" in done.stderr


def test_a_message_that_is_too_large_is_named_and_what_went_before_is_delivered(kafka_settings: KafkaSettings) -> None:
    delivery = Delivery(kafka_settings, ProducerSettings())
    messages = [Message("good", b"{}", True), Message("huge", b"x" * 2_000_000, True), Message("after", b"{}", True)]
    with pytest.raises(PoisonError, match=r"2,000,000 bytes.*key huge"):
        delivery.send([messages], stopped=lambda: False, advance=lambda _: None)
    assert (delivery.report.produced, delivery.report.acknowledged, delivery.report.failed) == (2, 1, 1)
    assert [each.key for each in messages_on(kafka_settings)] == ["good"]


def test_bad_input_is_named_and_nothing_of_it_produced(
    kafka_settings: KafkaSettings, surroundings: dict[str, str], tmp_path: Path
) -> None:
    path = write_csv(tmp_path / "trips.csv", [row(), row(fare="free"), row()])
    done = run(surroundings, "producer", "replay", "--file", str(path), expect=ExitCode.BAD_INPUT)
    assert f"{path}, line 3, column fare" in done.stderr
    assert held(kafka_settings) == 0
    report = run_json(surroundings, "producer", "replay", "--file", str(path), "--skip-bad-rows")
    assert (report["acknowledged"], report["trips"], report["skipped_rows"]) == (10, 2, 1)


@pytest.mark.parametrize(
    ("option", "value"),
    [("--start", "yesterday"), ("--start", "1970-01-01"), ("--start", "2099-12-31"), ("--dirt", "mud=1")],
)
def test_a_wrong_option_of_a_simulation_is_named(surroundings: dict[str, str], option: str, value: str) -> None:
    done = run(surroundings, "producer", "simulate", option, value, expect=ExitCode.BAD_INPUT)
    assert option in done.stderr
    assert value in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("replay", "--rate", "5", "--speedup", "2"),
        ("replay", "--mapping", "mine.toml"),
        ("replay", "--limit", "0"),
        ("simulate", "--rate", "5", "--speedup", "2"),
        ("simulate", "--rate", "fast"),
        ("simulate", "--endless", "--limit", "5"),
        ("simulate", "--endless", "--rate", "3001"),
        ("rewind",),
    ],
)
def test_wrong_usage_is_refused(surroundings: dict[str, str], arguments: tuple[str, ...]) -> None:
    done = run(surroundings, "producer", *arguments, expect=ExitCode.USAGE)
    assert "Usage" in done.stderr


def test_a_rate_is_kept(surroundings: dict[str, str], trips_file: Path) -> None:
    report = run_json(surroundings, "producer", "replay", "--file", str(trips_file), "--limit", "20", "--rate", "50")
    assert report["acknowledged"] == 100
    assert 99 / 50 <= report["seconds"] < 20


def test_a_simulation_writes_down_exactly_what_stands_on_the_topic(
    kafka_settings: KafkaSettings, surroundings: dict[str, str], tmp_path: Path
) -> None:
    truth = tmp_path / "truth.jsonl"
    soiled = [f"--dirt={name}=0.1" for name in ("duplicated", "conflicting", "malformed", "late", "out_of_order")]
    report = run_json(surroundings, "producer", "simulate", "--limit", "300", *soiled, "--ground-truth", str(truth))
    records = [json.loads(line) for line in truth.read_bytes().splitlines()]
    recorded = [each for each in records if each["record"] == "message"]
    assert len(recorded) == report["produced"] == report["acknowledged"]
    assert report["trips"] == 300
    found = messages_on(kafka_settings)
    in_truth: dict[str, list[bytes]] = {}
    for each in recorded:
        in_truth.setdefault(each["key"], []).append(base64.b64decode(each["value"]))
    on_topic: dict[str, list[bytes]] = {}
    for message in found:
        on_topic.setdefault(message.key, []).append(message.value)
    # Order of emission is order of offset within a trip: this is what "the newest wins" falls back on.
    assert on_topic == in_truth


def test_a_living_city_is_now_from_its_first_second_and_can_be_stopped(
    kafka_settings: KafkaSettings, surroundings: dict[str, str], tmp_path: Path
) -> None:
    ensure_topic(kafka_settings)
    truth = tmp_path / "truth.jsonl"
    began = time.time() * 1000
    arguments = ("simulate", "--endless", "--rate", "50", "--dirt", "none", "--ground-truth", str(truth))
    with producer(surroundings, *arguments) as process:
        wait_for_messages(kafka_settings, 150, process)
        process.terminate()
        report = finish(process, expect=0)
    ended = time.time() * 1000
    found = messages_on(kafka_settings)
    times = [int(json.loads(each.value)["timestamp"]) for each in found]
    assert began - 3_000 < min(times)
    assert max(times) < ended
    # Nothing but what happens now: no burst of what had happened before.
    assert len(found) < 50 * 2 * ((ended - began) / 1000 + 1)
    totals = json.loads(truth.read_bytes().splitlines()[-1])
    assert report["acknowledged"] == totals["messages"] == len(found)


def test_health_is_young_events(surroundings: dict[str, str], trips_file: Path) -> None:
    run(surroundings, "producer", "replay", "--file", str(trips_file), "--limit", "1")
    assert run_json(surroundings, "producer", "health")["newest_seconds_ago"] < 60
    time.sleep(1.1)
    done = run(surroundings, "producer", "health", "--within", "1", expect=ExitCode.TRANSIENT)
    assert "No event has arrived" in done.stderr
