"""The path under soak: a broker and a lake behind fault proxies, consumers, producers, and a sender of rubbish."""

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from consumer.migrate import migrate
from contracts.broker import ensure_topic, partition_ranges
from contracts.errors import ExitCode, FatalError
from contracts.lake import connect
from contracts.reasons import DeadLetterReason
from contracts.schema import EXAMPLES
from contracts.settings import ConsumerSettings, LakeSettings, ProducerSettings, child_environment
from stack.part import log_tail
from stack.ports import LOOPBACK
from tests.soak.member import Member
from tests.support.chicago_rows import row, write_csv
from tests.support.ledger import Ledger
from tests.support.proxied_broker import ProxiedBroker, proxied_broker
from tests.support.tcp_proxy import TcpProxy

CONSUMERS, PRODUCERS = 3, 2
TRIPS_OF_A_RUN, EVENTS_A_SECOND = 200, 25
RUBBISH_SECONDS = 0.5
DRAIN_SECONDS = 180
# What a supervisor (Compose, Kubernetes) would answer with another start.
_STARTED_AGAIN: set[int] = {ExitCode.UNREACHABLE, ExitCode.TRANSIENT}


class SoakError(FatalError):
    """Something needed a hand."""


class ProducerRun(NamedTuple):
    """One process of a producer and the file that it replayed; `report` is None when it was killed."""

    trips_file: Path
    report: dict[str, Any] | None


@dataclass
class Site:
    """Everything that a fault may hit, and the ledger that knows what must come of it."""

    folder: Path
    broker: ProxiedBroker
    lake: LakeSettings
    lake_proxy: TcpProxy
    ledger: Ledger
    consumers: list[Member] = field(default_factory=list)
    producers: list[Member] = field(default_factory=list)
    runs: list[ProducerRun] = field(default_factory=list)
    broker_answers: bool = True
    _files: dict[str, Path] = field(default_factory=dict)
    _rubbish: list[Path] = field(default_factory=lambda: sorted((EXAMPLES / "invalid").glob("*/*.bin")))
    _rubbish_sent: int = 0
    _rubbish_due: float = 0

    def begin(self) -> None:
        """Start the whole fleet."""
        for number in range(CONSUMERS):
            self.consumers.append(Member(f"consumer-{number}", self.folder))
            self.start_consumer(self.consumers[-1])
        for number in range(PRODUCERS):
            self.producers.append(Member(f"producer-{number}", self.folder))
            self.start_producer(self.producers[-1])

    def start_consumer(self, member: Member) -> None:
        """Start a consumer whose links all lead through proxies."""
        lake = self.lake.model_copy(update={"host": LOOPBACK, "port": self.lake_proxy.port, "sslmode": "disable"})
        settings = ConsumerSettings(
            group="soak", session_seconds=6, landing_seconds=5, batch_rows=200, batch_seconds=0.5
        )
        member.is_held_down = False
        member.start(child_environment(self.broker.proxied, lake, settings), "consumer", "run", "--json")

    def start_producer(self, member: Member) -> None:
        """Start a producer that replays trips which nobody has replayed."""
        name = f"{member.name}-{member.starts + 1}.csv"
        rows = (row(trip_start_timestamp=str(1462556700 + number)) for number in range(TRIPS_OF_A_RUN))
        self._files[member.name] = path = write_csv(self.folder / name, rows)
        member.is_held_down = False
        replay = ("replay", "--file", str(path), "--rate", str(EVENTS_A_SECOND), "--json")
        member.start(child_environment(self.broker.proxied, ProducerSettings()), "producer", *replay)

    def end_producer_run(self, member: Member, *, killed: bool) -> None:
        """Note what the producer's last process said of what it delivered."""
        said = member.output.read_text()
        report = None if killed or not said else json.loads(said)
        self.runs.append(ProducerRun(self._files[member.name], report))

    def retire(self, member: Member) -> bool:
        """Ask a member to end; return whether it was that which ended it. Raises SoakError for an end in error."""
        code = member.terminate()
        # A process that has hardly begun does not listen to signals yet.
        asked = {ExitCode.OK, -signal.SIGTERM}
        if member in self.producers:
            # It gave up waiting for the broker, and its report says for how many events.
            asked.add(ExitCode.UNCONFIRMED)
        self._expect(member, code, asked | _STARTED_AGAIN)
        return code in asked

    def tend(self, seconds: float) -> None:
        """Watch the fleet for so long, as a supervisor would; send rubbish. Raises SoakError for an end in error."""
        until = time.monotonic() + seconds
        while True:
            for consumer in self.consumers:
                self._tend_consumer(consumer)
            for producer in self.producers:
                self._tend_producer(producer)
            self._send_rubbish()
            if time.monotonic() >= until:
                return
            time.sleep(0.1)

    def end(self) -> None:
        """Stop the producers, let a fresh event follow, wait until all has landed, and stop the consumers.

        Raises SoakError when something does not end well, or the lake does not catch up.
        """
        for producer in self.producers:
            self.retire(producer)
            self.end_producer_run(producer, killed=False)
        self.producers.clear()
        self._rubbish.clear()
        self.ledger.send_events(1)
        ends = {each.partition: each.high for each in partition_ranges(self.ledger.kafka)}
        deadline = time.monotonic() + DRAIN_SECONDS
        while self.offsets() != ends:
            if time.monotonic() > deadline:
                raise SoakError(f"The lake stands at {self.offsets()}, Kafka at {ends}", where="after the last fault")
            self.tend(0.5)
        for consumer in self.consumers:
            self.retire(consumer)

    def discard(self) -> None:
        """Leave no process behind."""
        for member in [*self.consumers, *self.producers]:
            member.discard()

    def offsets(self) -> dict[int, int]:
        """Return where each partition stands in the lake."""
        with connect(self.lake, application="soak", autocommit=True) as connection:
            rows = connection.execute(
                "SELECT kafka_partition, next_offset FROM raw.consumer_offset WHERE topic = %s",
                (self.ledger.kafka.topic,),
            ).fetchall()
        return dict(rows)

    def _tend_consumer(self, member: Member) -> None:
        code = None if member.is_held_down else member.exit_code()
        if code is not None:
            self._expect(member, code, _STARTED_AGAIN)
            self.start_consumer(member)

    def _tend_producer(self, member: Member) -> None:
        code = None if member.is_held_down else member.exit_code()
        if code is not None:
            self._expect(member, code, _STARTED_AGAIN | {ExitCode.OK})
            self.end_producer_run(member, killed=False)
            self.start_producer(member)

    def _expect(self, member: Member, code: int, expected: set[int]) -> None:
        if code not in expected:
            raise SoakError(f"{member.name} ended with {code}", where=str(member.log), remedy=log_tail(member.log))

    def _send_rubbish(self) -> None:
        if self._rubbish and self.broker_answers and time.monotonic() >= self._rubbish_due:
            path = self._rubbish[self._rubbish_sent % len(self._rubbish)]
            self.ledger.send(path.read_bytes(), reason=DeadLetterReason(path.parent.name))
            self._rubbish_sent += 1
            self._rubbish_due = time.monotonic() + RUBBISH_SECONDS


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    """Start broker and lake with a topic and a schema; leave nothing running afterwards."""
    with proxied_broker(folder / "stack", "postgres") as broker:
        lake = broker.stack.lake
        ensure_topic(broker.direct)
        migrate(lake)
        with TcpProxy(lake.host, lake.port) as lake_proxy:
            made = Site(folder, broker, lake, lake_proxy, Ledger(broker.direct))
            try:
                yield made
            finally:
                made.discard()
