"""A broker that stands still, a producer that is killed meanwhile: bounded memory, and nothing issued is lost."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from contracts.broker import ensure_topic
from contracts.errors import ExitCode
from contracts.settings import KafkaSettings, ProducerSettings, child_environment
from producer.intake import Intake
from producer.journal import read_records
from producer.mapping import load_mapping
from producer.messages import encoder
from producer.replay import replay
from stack.native import NativeStack
from tests.support.chicago_rows import row, write_csv
from tests.support.commands import run, run_json
from tests.support.topic import messages_on
from tests.support.watched_producer import WatchedProducer

QUEUE = 3_000


@pytest.fixture
def stack(fresh_services: Callable[..., NativeStack]) -> NativeStack:
    return fresh_services("kafka")


@contextmanager
def frozen(stack: NativeStack) -> Iterator[None]:
    """Stop the broker's process as it is: connections stay open, and nobody answers."""
    pid = stack.running["kafka"].pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_broker_that_stands_still_makes_the_producer_wait_in_bounded_memory(stack: NativeStack) -> None:
    ensure_topic(stack.kafka)
    settings = ProducerSettings(queue_messages=QUEUE)
    with WatchedProducer(stack.kafka, settings, "simulate", "--limit", "100000") as producer:
        producer.wait_for("acknowledged_events_total", 2 * QUEUE)
        with frozen(stack):
            producer.wait_for("queue_depth_events", QUEUE)
            # The batch that filled the queue is counted when all of it is in.
            produced = producer.wait_until_still("produced_events_total")
            before = producer.resident_mebibytes()
            time.sleep(3)
            assert producer.metric("produced_events_total") == produced
            assert producer.resident_mebibytes() - before < 10
            assert producer.resident_mebibytes() < 200
            acknowledged = producer.metric("acknowledged_events_total")
        producer.wait_for("acknowledged_events_total", acknowledged + 2 * QUEUE)
        assert producer.metric("acknowledgement_seconds_count") > 0
        with frozen(stack):
            # A stop while there is no room: what waits for room was never produced.
            producer.wait_for("queue_depth_events", QUEUE)
            producer.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
        report, _ = producer.end()
    assert report["produced"] == report["acknowledged"] == len(messages_on(stack.kafka)) > 4 * QUEUE


def test_what_a_killed_producer_had_not_confirmed_is_sent_again(stack: NativeStack, tmp_path: Path) -> None:
    trips = [row(trip_start_timestamp=str(1462556700 + number)) for number in range(8_000)]
    trips_file = write_csv(tmp_path / "trips.csv", trips)
    ensure_topic(stack.kafka)
    settings = ProducerSettings(queue_messages=QUEUE, journal_folder=str(tmp_path / "journal"))
    endless = ("replay", "--file", str(trips_file), "--endless", "--rate", "5000")
    with WatchedProducer(stack.kafka, settings, *endless) as producer:
        producer.wait_for("acknowledged_events_total", QUEUE)
        with frozen(stack):
            producer.wait_for("queue_depth_events", QUEUE)
            producer.process.send_signal(signal.SIGKILL)
            producer.process.wait()
    left = unconfirmed(tmp_path / "journal" / stack.kafka.topic)
    assert len(left) >= QUEUE

    nothing = write_csv(tmp_path / "nothing.csv", [])
    report = run_json(child_environment(stack.kafka, settings), "producer", "replay", "--file", str(nothing))
    assert report["sent_again"] == report["produced"] == report["acknowledged"] == len(left)
    assert [path.name for path in (tmp_path / "journal" / stack.kafka.topic).iterdir()] == ["lock"]

    # What was issued, in the source's order, is a beginning of the source without a gap: all of it is on the topic.
    issued: list[tuple[str, bytes]] = []
    source = replay(Intake([trips_file], load_mapping("chicago")), endless=True)
    while not issued or issued[-1] != left[-1]:
        _, event = next(source)
        issued.append((event.trip_id, encoder.encode(event)))
    assert left == issued[-len(left) :]
    on_topic = Counter((each.key, each.value) for each in messages_on(stack.kafka))
    assert on_topic.keys() == set(issued)
    # Twice at the most: once before the kill without an answer, and once again.
    assert max(on_topic.values()) <= 2
    assert {message for message, times in on_topic.items() if times == 2} <= set(left)


def unconfirmed(folder: Path) -> list[tuple[str, bytes]]:
    """Read the journal of a producer that is gone, and hold that nothing is confirmed twice."""
    written: dict[int, list[tuple[str, bytes]]] = {}
    confirmed: Counter[int] = Counter()
    for segment in sorted(folder.glob("*.journal")):
        for record in read_records(segment):
            if record.messages:
                written[record.number] = record.messages
            else:
                confirmed[record.number] += 1
    assert max(confirmed.values()) == 1
    return [message for number, messages in written.items() if number not in confirmed for message in messages]


def test_two_producers_do_not_write_one_journal(kafka_settings: KafkaSettings, tmp_path: Path) -> None:
    settings = ProducerSettings(journal_folder=str(tmp_path))
    ensure_topic(kafka_settings)
    with WatchedProducer(kafka_settings, settings, "simulate", "--endless", "--rate", "20") as first:
        first.wait_for("acknowledged_events_total", 1)
        run(child_environment(kafka_settings, settings), "producer", "simulate", "--limit", "1", expect=ExitCode.BUSY)
        first.end(with_signal=signal.SIGTERM)
