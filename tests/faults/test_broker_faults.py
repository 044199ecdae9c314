"""The broker dies under load, and the links to it are cut, slow or silent. Each test proves its fault.

What a producer reports must be what stands on the topic; what stands on the topic must be what lands.
"""

import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from contracts.broker import ensure_topic, partition_ranges
from contracts.errors import ExitCode
from contracts.settings import KafkaSettings, ProducerSettings, child_environment
from producer.intake import Intake
from producer.mapping import load_mapping
from producer.messages import encoder
from producer.replay import replay
from tests.support import commands
from tests.support.chicago_rows import row, write_csv
from tests.support.landing_site import LandingSite
from tests.support.proxied_broker import ProxiedBroker
from tests.support.topic import OnTopic, messages_on

TRIPS = 800
EVENTS = 5 * TRIPS
RATE = 600
SLOWLY = {"batch_rows": 100}


@pytest.fixture
def trips_file(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "trips.csv", [row(trip_start_timestamp=str(1462556700 + n)) for n in range(TRIPS)])


def begin(kafka: KafkaSettings, trips_file: Path, **settings: Any) -> subprocess.Popen[str]:
    """Start a replay of seven seconds and return when a part of it has arrived."""
    ensure_topic(kafka)
    environment = child_environment(kafka, ProducerSettings.model_validate(settings))
    replay_file = ("replay", "--file", str(trips_file), "--rate", str(RATE), "--json")
    process = commands.start(environment, "producer", *replay_file)
    deadline = time.monotonic() + 60
    while held(kafka) < RATE // 2:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.1)
    return process


def end(process: subprocess.Popen[str], *, expect: int = 0) -> dict[str, Any]:
    """Wait for a replay to end with this code; return its report."""
    output, errors = process.communicate(timeout=120)
    assert process.returncode == expect, errors
    report: dict[str, Any] = json.loads(output)
    return report


def held(kafka: KafkaSettings) -> int:
    return sum(each.high for each in partition_ranges(kafka))


def expected(trips_file: Path) -> Counter[tuple[str, bytes]]:
    """Return what a whole replay is to put on the topic, each message once."""
    events = replay(Intake([trips_file], load_mapping("chicago")))
    return Counter((event.trip_id, encoder.encode(event)) for _, event in events)


def counted(found: Iterable[OnTopic]) -> Counter[tuple[str, bytes]]:
    return Counter((each.key, each.value) for each in found)


def in_order(found: Iterable[OnTopic]) -> bool:
    """Whether each trip's events stand in the order in which they happened."""
    times: dict[str, list[int]] = {}
    for each in found:
        times.setdefault(each.key, []).append(json.loads(each.value)["timestamp"])
    return all(each == sorted(each) for each in times.values())


def test_a_broker_killed_under_load_costs_nothing(
    broker: ProxiedBroker, broker_site: LandingSite, trips_file: Path
) -> None:
    broker_site.drag()
    consumer = broker_site.start(**SLOWLY)
    with begin(broker.direct, trips_file) as producer:
        broker_site.wait_until(lambda: broker_site.landed() > 0, consumer)
        broker.kill()
        assert producer.poll() is None, "the fault came too late to prove anything"
        time.sleep(1)
        broker.restart()
        report = end(producer)
    assert report["produced"] == report["acknowledged"] == EVENTS
    assert counted(messages_on(broker.direct)) == expected(trips_file)
    broker_site.ledger.adopt()
    broker_site.settle(consumer)


def test_links_to_the_broker_that_suffer_cost_nothing(
    broker: ProxiedBroker, broker_site: LandingSite, trips_file: Path
) -> None:
    proxy = broker.proxy
    faults: list[tuple[str, Callable[[], None]]] = [
        ("resets", proxy.reset),
        # Of whichever request comes next: the batch may be in the log already.
        ("resets", lambda: proxy.reset_after_answer(b"")),
        ("slowed_chunks", lambda: proxy.slow(0.2, 100_000)),
        ("swallowed_bytes", proxy.swallow),
    ]
    broker_site.drag()
    consumer = broker_site.start(kafka=broker.proxied, **SLOWLY)
    with begin(broker.proxied, trips_file) as producer:
        broker_site.wait_until(lambda: broker_site.landed() > 0, consumer)
        for counter, inflict in faults:
            assert producer.poll() is None, "the fault came too late to prove anything"
            before = getattr(proxy, counter)
            inflict()
            time.sleep(0.8)
            proxy.heal()
            assert getattr(proxy, counter) > before
        report = end(producer)
    assert report["produced"] == report["acknowledged"] == EVENTS
    found = messages_on(broker.direct)
    assert counted(found) == expected(trips_file), "lost or doubled in the log"
    assert in_order(found)
    broker_site.ledger.adopt()
    broker_site.settle(consumer)


def test_a_producer_killed_and_run_again_sends_the_same_again(
    broker: ProxiedBroker, broker_site: LandingSite, trips_file: Path
) -> None:
    with begin(broker.direct, trips_file) as producer:
        producer.kill()
        assert producer.wait() < 0
    before = counted(messages_on(broker.direct))
    whole = expected(trips_file)
    assert 0 < before.total() < EVENTS
    assert before <= whole, "doubled, or never issued"
    with begin(broker.direct, trips_file) as producer:
        assert end(producer)["acknowledged"] == EVENTS
    assert counted(messages_on(broker.direct)) == before + whole
    broker_site.ledger.adopt()
    broker_site.run_to_end()
    broker_site.verify()


def test_a_signal_while_the_broker_is_gone_ends_before_anyone_kills(broker: ProxiedBroker, trips_file: Path) -> None:
    with begin(broker.proxied, trips_file, queue_messages=100) as producer:
        broker.proxy.refuse()
        time.sleep(1)
        asked = time.monotonic()
        producer.terminate()
        report = end(producer, expect=ExitCode.UNCONFIRMED)
        assert time.monotonic() - asked < 30
    assert 0 < report["failed"] <= 101
    assert len(messages_on(broker.direct)) >= report["acknowledged"] > 0


def test_a_broker_that_stays_away_ends_in_an_error_and_true_counts(broker: ProxiedBroker, trips_file: Path) -> None:
    with begin(broker.proxied, trips_file, delivery_timeout_seconds=3) as producer:
        broker.proxy.refuse()
        output, errors = producer.communicate(timeout=60)
    assert producer.returncode == ExitCode.UNCONFIRMED, errors
    assert broker.proxied.bootstrap_servers in errors
    report = json.loads(output)
    assert report["failed"] > 0
    assert report["produced"] == report["acknowledged"] + report["failed"]
    assert len(messages_on(broker.direct)) >= report["acknowledged"] > 0
