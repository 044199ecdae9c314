"""A broker that stands still, a producer that is killed meanwhile: bounded memory, and nothing issued is lost."""

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

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
from tests.support.commands import start
from tests.support.topic import messages_on

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


class Watched:
    """A producer with metrics."""

    def __init__(self, kafka: KafkaSettings, settings: ProducerSettings, *arguments: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        own = settings.model_copy(update={"metrics_port": self._port})
        self.process: subprocess.Popen[str] = start(child_environment(kafka, own), "producer", *arguments, "--json")

    def metric(self, name: str) -> float:
        with urlopen(f"http://127.0.0.1:{self._port}/metrics", timeout=5) as answer:
            found = re.search(rf"^tripline_producer_{name} (\S+)$", answer.read().decode(), re.MULTILINE)
        assert found, name
        return float(found[1])

    def wait_for(self, name: str, least: float) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.process.communicate()
            try:
                if self.metric(name) >= least:
                    return
            except OSError:
                pass  # not served yet
            time.sleep(0.1)
        pytest.fail(f"{name} does not reach {least}")

    def resident_mebibytes(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(status.split("VmRSS:")[1].split()[0]) // 1024


def test_a_broker_that_stands_still_makes_the_producer_wait_in_bounded_memory(stack: NativeStack) -> None:
    ensure_topic(stack.kafka)
    settings = ProducerSettings(queue_messages=QUEUE)
    watched = Watched(stack.kafka, settings, "simulate", "--limit", "100000")
    with watched.process as process:
        try:
            watched.wait_for("acknowledged_events_total", 2 * QUEUE)
            with frozen(stack):
                watched.wait_for("queue_depth_events", QUEUE)
                time.sleep(0.5)  # The batch that filled the queue is counted when all of it is in.
                before, produced = watched.resident_mebibytes(), watched.metric("produced_events_total")
                time.sleep(3)
                assert watched.metric("produced_events_total") == produced
                assert watched.resident_mebibytes() - before < 10
                assert watched.resident_mebibytes() < 200
                acknowledged = watched.metric("acknowledged_events_total")
            watched.wait_for("acknowledged_events_total", acknowledged + 2 * QUEUE)
            assert watched.metric("acknowledgement_seconds_count") > 0
            with frozen(stack):
                # A stop while there is no room: what waits for room was never produced.
                watched.wait_for("queue_depth_events", QUEUE)
                process.send_signal(signal.SIGTERM)
                time.sleep(0.5)
            output, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0, errors
    report = json.loads(output)
    assert report["produced"] == report["acknowledged"] == len(messages_on(stack.kafka)) > 4 * QUEUE


def test_what_a_killed_producer_had_not_confirmed_is_sent_again(stack: NativeStack, tmp_path: Path) -> None:
    trips = [row(trip_start_timestamp=str(1462556700 + number)) for number in range(8_000)]
    trips_file = write_csv(tmp_path / "trips.csv", trips)
    ensure_topic(stack.kafka)
    settings = ProducerSettings(queue_messages=QUEUE, journal_folder=str(tmp_path / "journal"))
    watched = Watched(stack.kafka, settings, "replay", "--file", str(trips_file))
    with watched.process as process:
        watched.wait_for("acknowledged_events_total", QUEUE)
        with frozen(stack):
            watched.wait_for("queue_depth_events", QUEUE)
            process.send_signal(signal.SIGKILL)
            process.wait(30)
    left = unconfirmed(tmp_path / "journal" / stack.kafka.topic)
    assert len(left) >= QUEUE

    nothing = write_csv(tmp_path / "nothing.csv", [])
    again = start(child_environment(stack.kafka, settings), "producer", "replay", "--file", str(nothing), "--json")
    output, errors = again.communicate(timeout=60)
    assert again.returncode == 0, errors
    report = json.loads(output)
    assert report["sent_again"] == report["produced"] == report["acknowledged"] == len(left)
    assert [path.name for path in (tmp_path / "journal" / stack.kafka.topic).iterdir()] == ["lock"]

    # What was issued, in the source's order, is a beginning of the source without a gap: all of it is on the topic.
    source = [
        (event.trip_id, encoder.encode(event)) for _, event in replay(Intake([trips_file], load_mapping("chicago")))
    ]
    issued = source.index(left[-1]) + 1
    assert left == source[issued - len(left) : issued]
    on_topic = Counter((each.key, each.value) for each in messages_on(stack.kafka))
    assert set(source[:issued]) <= set(on_topic) <= set(source)
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
    first = Watched(kafka_settings, settings, "simulate", "--endless", "--rate", "20")
    with first.process as process:
        try:
            first.wait_for("acknowledged_events_total", 1)
            second = start(child_environment(kafka_settings, settings), "producer", "simulate", "--limit", "1")
            _, errors = second.communicate(timeout=30)
            assert second.returncode == ExitCode.BUSY, errors
        finally:
            process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 0
