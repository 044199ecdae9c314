"""The broker dies under load, and the links to it are cut, slow or silent. Each test proves its fault.

What a producer reports must be what stands on the topic; what stands on the topic must be what lands.
"""

import json
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from contracts.broker import ensure_topic, partition_ranges
from contracts.errors import ExitCode
from contracts.settings import KafkaSettings, ProducerSettings
from producer.intake import Intake
from producer.mapping import load_mapping
from producer.messages import encoder
from producer.replay import replay
from tests.support.chicago_rows import row, write_csv
from tests.support.landing_site import LandingSite
from tests.support.proxied_broker import ProxiedBroker
from tests.support.topic import OnTopic, messages_on
from tests.support.watched_producer import WatchedProducer

TRIPS = 800
EVENTS = 5 * TRIPS
RATE = 600
SLOWLY = {"batch_rows": 100}


@pytest.fixture
def trips_file(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "trips.csv", [row(trip_start_timestamp=str(1462556700 + n)) for n in range(TRIPS)])


def begin(kafka: KafkaSettings, trips_file: Path, **settings: Any) -> WatchedProducer:
    """Start a replay that ends when it is told to, and return when a part of it is acknowledged."""
    ensure_topic(kafka)
    endless = ("replay", "--file", str(trips_file), "--rate", str(RATE), "--endless")
    producer = WatchedProducer(kafka, ProducerSettings.model_validate(settings), *endless)
    producer.wait_for("acknowledged_events_total", RATE // 2)
    return producer


def held(kafka: KafkaSettings) -> int:
    return sum(each.high for each in partition_ranges(kafka))


def at_rest(kafka: KafkaSettings) -> Counter[tuple[str, bytes]]:
    """Return what stands on the topic once nothing more comes: what a killed producer sent may be under way."""
    before, now = -1, held(kafka)
    while now != before:
        time.sleep(1)
        before, now = now, held(kafka)
    return counted(messages_on(kafka))


def expected(trips_file: Path, produced: int) -> Counter[tuple[str, bytes]]:
    """Return what a replay puts on the topic that was told to end after so many events, each message once."""
    events = islice(replay(Intake([trips_file], load_mapping("chicago")), endless=True), produced)
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
    consumer = broker_site.start(**SLOWLY)
    with begin(broker.direct, trips_file) as producer:
        broker_site.wait_until(lambda: broker_site.landed() > 0, consumer)
        broker.kill()
        time.sleep(1)
        broker.restart()
        back = held(broker.direct)
        broker_site.wait_until(lambda: held(broker.direct) > back, consumer, producer.process)
        report, _ = producer.end(with_signal=signal.SIGTERM)
    assert report["produced"] == report["acknowledged"]
    assert counted(messages_on(broker.direct)) == expected(trips_file, report["produced"])
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
    consumer = broker_site.start(kafka=broker.proxied, **SLOWLY)
    with begin(broker.proxied, trips_file) as producer:
        both = (consumer, producer.process)
        broker_site.wait_until(lambda: broker_site.landed() > 0, *both)
        for counter, inflict in faults:
            before, arrived = getattr(proxy, counter), held(broker.direct)
            inflict()
            broker_site.wait_until(lambda name=counter, old=before: getattr(proxy, name) > old, *both)  # type: ignore[misc]
            time.sleep(0.5)
            proxy.heal()
            broker_site.wait_until(lambda old=arrived: held(broker.direct) > old, *both)  # type: ignore[misc]
        report, _ = producer.end(with_signal=signal.SIGTERM)
    assert report["produced"] == report["acknowledged"]
    found = messages_on(broker.direct)
    assert counted(found) == expected(trips_file, report["produced"]), "lost or doubled in the log"
    assert in_order(found)
    broker_site.ledger.adopt()
    broker_site.settle(consumer)


def test_a_producer_killed_and_run_again_sends_the_same_again(
    broker: ProxiedBroker, broker_site: LandingSite, trips_file: Path
) -> None:
    with begin(broker.direct, trips_file) as producer:
        producer.process.kill()
        assert producer.process.wait() == -signal.SIGKILL
    before = at_rest(broker.direct)
    assert before <= expected(trips_file, before.total() + EVENTS), "doubled, or never issued"
    with begin(broker.direct, trips_file) as producer:
        report, _ = producer.end(with_signal=signal.SIGTERM)
    assert report["produced"] == report["acknowledged"]
    assert counted(messages_on(broker.direct)) == before + expected(trips_file, report["produced"])
    broker_site.ledger.adopt()
    broker_site.run_to_end()
    broker_site.verify()


def test_a_signal_while_the_broker_is_gone_ends_before_anyone_kills(broker: ProxiedBroker, trips_file: Path) -> None:
    with begin(broker.proxied, trips_file, queue_messages=100) as producer:
        broker.proxy.refuse()
        producer.wait_for("queue_depth_events", 100)
        asked = time.monotonic()
        report, _ = producer.end(expect=ExitCode.UNCONFIRMED, with_signal=signal.SIGTERM)
        assert time.monotonic() - asked < 30
    assert 0 < report["failed"] <= 101
    assert len(messages_on(broker.direct)) >= report["acknowledged"] > 0


def test_a_broker_that_stays_away_ends_in_an_error_and_true_counts(broker: ProxiedBroker, trips_file: Path) -> None:
    with begin(broker.proxied, trips_file, delivery_timeout_seconds=3) as producer:
        broker.proxy.refuse()
        report, errors = producer.end(expect=ExitCode.UNCONFIRMED)
    assert broker.proxied.bootstrap_servers in errors
    assert report["failed"] > 0
    assert report["produced"] == report["acknowledged"] + report["failed"]
    assert len(messages_on(broker.direct)) >= report["acknowledged"] > 0
