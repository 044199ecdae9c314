"""The consumer's loop: poll, buffer, land. After any failure it drops its buffers and begins where the lake stands."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from threading import Event
from typing import Any

import structlog
from confluent_kafka import KafkaError, Message

from consumer.assignment import Assignment
from consumer.backoff import Backoff
from consumer.identity import Identity, hold
from consumer.landing import Lake
from consumer.offsets import Offsets
from consumer.report import Report
from consumer.status import Status
from consumer.topic import judge, open_consumer, records_of
from consumer.writer import Writer
from consumer.writers import Writers
from contracts.broker import partition_ranges
from contracts.errors import (
    BudgetExceededError,
    ConfigurationError,
    TransientError,
    TriplineError,
    UnreachableError,
)
from contracts.settings import ConsumerSettings, KafkaSettings

POLL_SECONDS = 0.5
# While a batch is on its way, its end is to be noticed soon.
LANDING_POLL_SECONDS = 0.02
STATUS_SECONDS = 1.0
# Connecting again may be refused while the database restarts or its password rotates.
_RETRIED = (TransientError, UnreachableError, ConfigurationError)

_log = structlog.get_logger()


@dataclass
class Loop:
    """Lands one topic's messages until told to stop. It belongs to one thread; each of its writers has its own.

    `lakes` are the connections that land side by side.
    """

    kafka: KafkaSettings
    settings: ConsumerSettings
    lakes: Sequence[Lake]
    report: Report
    status: Status
    clock: Callable[[], float] = time.monotonic
    backoff: Backoff = field(default_factory=Backoff)

    def __post_init__(self) -> None:
        self._writers = Writers(self.lakes, self.settings, self.clock)
        self._consumer = open_consumer(self.kafka, self.settings)
        self._assignment = Assignment(self._consumer, self.kafka.topic, self._release)
        self._offsets = Offsets(self._consumer, self.kafka.topic)
        self._identity = Identity(self.kafka, self.clock)
        self._retry_at = self._told_at = 0.0
        self._released_in_vain: Exception | None = None
        self._dropped: set[tuple[int, int]] = set()

    def run(self, stop: Event, targets: Mapping[int, int] | None = None) -> None:
        """Land until `stop` is set, or the lake has reached `targets` (next offset by partition); then leave the group.

        Raises LostOffsetsError; FatalError for a refused statement or a dead letter that cannot be stored;
        BudgetExceededError; and what landing failed with for longer than `outage_seconds`. What is then not in the
        lake, the next run reads again.
        """
        try:
            self._assignment.subscribe()
            while not stop.is_set() and not self._has_reached(targets):
                self._step(targets)
            self._land_all()
        finally:
            # Closing the consumer releases its partitions; what is held then is not to land.
            self._writers.forget(set(self._writers.positions))
            self._consumer.close()
            self._writers.close()

    def _step(self, targets: Mapping[int, int] | None) -> None:
        self._settle()
        self._tell_status()
        self._identity.verify()
        if self._assignment.waiting and self.clock() >= self._retry_at:
            self._begin_reading()
        self._writers.start_what_is_due(targets)
        if self._writers.is_blocked:
            self._writers.wait(POLL_SECONDS)
            return
        longest = LANDING_POLL_SECONDS if self._writers.is_landing else POLL_SECONDS
        messages = self._consumer.consume(self._writers.slice, self._writers.seconds_left(longest))
        if messages:
            self._writers.expect_size(max(map(len, messages)))
            self._take(messages)
        self._hold_budget()
        if self._released_in_vain:
            self._recover(self._released_in_vain)

    def _take(self, messages: Sequence[Message]) -> None:
        others = [message for message in messages if message.error() is not None]
        records = records_of([message for message in messages if message.error() is None] if others else messages)
        if records:
            self.report.begin()
        for partition, run in groupby(records, attrgetter("partition")):
            repeated = self._writers.add(partition, list(run))
            if repeated:
                self.report.add_duplicates(repeated)
        # Last, as the end of a partition comes behind its messages.
        for message in others:
            self._note(message)

    def _note(self, message: Message) -> None:
        error: Any = message.error()
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's public name
            self._writers.skip_to(message.partition() or 0, message.offset() or 0)
        else:
            self._raise_if_final(error, message)

    def _settle(self) -> None:
        """Note what has landed."""
        for writer in self._writers:
            error = self._note_landed(writer)
            if error is not None:
                self._recover(error)

    def _finish(self, writer: Writer) -> Exception | None:
        """Wait for what a writer is landing; return why it has not landed."""
        return self._note_landed(writer, finish=True)

    def _note_landed(self, writer: Writer, *, finish: bool = False) -> Exception | None:
        landed, error = writer.settle(finish=finish)
        for part in landed:
            self.report.add(part)
            self._offsets.note(part.moves)
            self.backoff.succeed()
            self._hold_budget()
        return error

    def _land_all(self) -> None:
        """Land everything that is held; what fails, the next run reads again."""
        for writer in self._writers:
            error = self._finish(writer)
            if error is None and not writer.buffer.is_empty:
                writer.start(writer.buffer.drain())
                error = self._finish(writer)
            if error is not None:
                self._recover(error)
        self._offsets.tell()

    def _hold_budget(self) -> None:
        if self.report.counts.dead_lettered + self._writers.dead_letters > self.settings.dead_letter_budget:
            raise BudgetExceededError(
                f"More than {self.settings.dead_letter_budget} dead letters in this run",
                where=f"topic {self.kafka.topic}",
                remedy="See `python -m consumer dead-letters list`; TRIPLINE_CONSUMER_DEAD_LETTER_BUDGET allows more.",
            )

    def _release(self, partitions: set[int], lost: bool) -> None:
        """Land what is held of partitions that go to another consumer; if that fails, the other reads it again.

        An exception must not leave a rebalance callback; the loop deals with it.
        """
        for writer, theirs in self._writers.of(partitions):
            try:
                error = self._finish(writer)
                batch = writer.buffer.drain(theirs)
                if batch.moves and not lost and error is None:
                    writer.start(batch)
                    error = self._finish(writer)
            except TriplineError as budget:
                error = budget
            self._released_in_vain = self._released_in_vain or error
        self._offsets.tell()
        self._writers.forget(partitions)
        self._dropped = {each for each in self._dropped if each[0] not in partitions}

    def _recover(self, error: Exception) -> None:
        """Drop what is held, stop reading and wait; raise what waiting cannot heal, or has not healed for too long."""
        self._released_in_vain = None
        self._assignment.stop()
        errors = [error, *filter(None, [self._finish(writer) for writer in self._writers])]
        for batch in self._writers.drop():
            self._dropped.update(batch.coordinates())
        for each in errors:
            if not isinstance(each, _RETRIED):
                raise each
        pause = self.backoff.fail()
        if self.backoff.seconds > self.settings.outage_seconds > 0:
            raise error
        self.report.add_retry()
        self.status.fail(str(error))
        failures = self.backoff.failures
        _log.warning("landing_failed", error=str(error), failures=failures, retry_in_seconds=round(pause, 2))
        self._writers.disconnect()
        self._retry_at = self.clock() + pause

    def _begin_reading(self) -> None:
        """Start waiting partitions where the lake stands; a partition that it has never seen, at its first offset."""
        waiting = self._assignment.waiting
        try:
            self._identify()
            for partition in waiting - self._writers.ask(Lake.offsets).keys():
                self._register(partition)
            stored = self._writers.ask(Lake.offsets)
        except _RETRIED as error:
            self._recover(error)
            return
        offsets = {partition: stored[partition] for partition in waiting}
        self._assignment.start(offsets)
        self._writers.begin(offsets)
        self._count_duplicates(offsets)
        _log.info("reading_from", offsets=offsets)

    def _identify(self) -> None:
        """Hold that the topic is the one that the lake's offsets belong to."""
        topic_id = self._identity.read()
        if topic_id is not None:
            known = self._writers.ask(lambda lake: lake.identify(topic_id))
            hold(self.kafka.topic, expected=known, found=topic_id)
            self._identity.expect(known)

    def _register(self, partition: int) -> None:
        low, _ = self._offsets.ends(partition)
        self._writers.ask(lambda lake: lake.register(partition, low))

    def _count_duplicates(self, offsets: Mapping[int, int]) -> None:
        """Count what was dropped though the lake has it; the rest comes again and is counted then."""
        known = {each for each in self._dropped if each[0] in offsets}
        self.report.add_duplicates(sum(offset < offsets[partition] for partition, offset in known))
        self._dropped -= known

    def _has_reached(self, targets: Mapping[int, int] | None) -> bool:
        if targets is None or not self._writers.is_empty:
            return False
        positions = self._writers.positions
        missing = {partition for partition, target in targets.items() if positions.get(partition, -1) < target}
        if not missing:
            return True
        if missing & positions.keys() or self.clock() < self._retry_at:
            return False
        try:
            stored = self._writers.ask(Lake.offsets)
        except _RETRIED as error:
            self._recover(error)
            return False
        return all(stored.get(partition, -1) >= targets[partition] for partition in missing)

    def _tell_status(self) -> None:
        """Let probes, metrics and Kafka know how the partitions stand, once a second."""
        if self.clock() < self._told_at + STATUS_SECONDS:
            return
        self._told_at = self.clock()
        self._offsets.tell()
        positions = self._writers.positions
        self.status.step(
            joined=self._assignment.joined,
            not_read=self._assignment.waiting,
            positions=positions,
            waiting=self._offsets.waiting(positions),
        )

    def _raise_if_final(self, error: KafkaError, message: Message) -> None:
        partition = message.partition() or 0
        if error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001
            self._refuse_to_jump(partition)
            return
        if error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            # Raises when the topic is gone; otherwise the broker has not heard of it yet, or is not there.
            with suppress(UnreachableError):
                partition_ranges(self.kafka)
        final = judge(error, f"topic {self.kafka.topic} at {self.kafka.bootstrap_servers}")
        if final is not None:
            raise final
        _log.warning("kafka_reports", error=error.name(), partition=partition)

    def _refuse_to_jump(self, partition: int) -> None:
        """Raise LostOffsetsError; begin anew where Kafka has the offset after all: it was a replica that lags."""
        position = self._writers.positions.get(partition)
        if position is not None:
            self._recover(self._offsets.why_refused(partition, position))
