"""The consumer's loop: poll, buffer, land. After any failure it drops its buffer and begins where the lake stands."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random, SystemRandom
from threading import Event

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from consumer.assignment import Assignment
from consumer.backoff import delay
from consumer.batch import Batch
from consumer.buffer import Buffer
from consumer.isolation import land_isolating
from consumer.landing import Lake
from consumer.report import Report
from consumer.topic import judge, open_consumer, record_of
from contracts.broker import partition_ranges
from contracts.errors import (
    BudgetExceededError,
    ConfigurationError,
    FatalError,
    TransientError,
    TriplineError,
    UnreachableError,
)
from contracts.settings import ConsumerSettings, KafkaSettings

# Few enough that even the largest messages fit in memory, many enough that a call costs nothing.
SLICE_MESSAGES = 32
POLL_SECONDS = 0.5
WATERMARK_SECONDS = 10.0
# Connecting again may be refused while the database restarts or its password rotates.
_RETRIED = (TransientError, UnreachableError, ConfigurationError)

_log = structlog.get_logger()


@dataclass
class Loop:
    """Lands one topic's messages until told to stop. Not thread-safe: one loop, one thread."""

    kafka: KafkaSettings
    settings: ConsumerSettings
    lake: Lake
    report: Report
    clock: Callable[[], float] = time.monotonic
    random: Random = field(default_factory=SystemRandom)

    def __post_init__(self) -> None:
        self._buffer = Buffer(self.settings, self.clock)
        self._consumer = open_consumer(self.kafka, self.settings)
        self._assignment = Assignment(self._consumer, self.kafka.topic, self._release)
        self._failures = 0
        self._retry_at = 0.0
        self._released_in_vain: TriplineError | None = None

    def run(self, stop: Event, targets: Mapping[int, int] | None = None) -> None:
        """Land until `stop` is set, or the lake has reached `targets` (next offset by partition); then leave the group.

        Raises FatalError: an offset that retention removed, a refused statement, a dead letter that cannot be stored;
        BudgetExceededError. What is then not in the lake, the next run reads again.
        """
        try:
            self._assignment.subscribe()
            while not stop.is_set() and not self._has_reached(targets):
                self._step(targets)
            self._flush()
        finally:
            self._leave()

    def _step(self, targets: Mapping[int, int] | None) -> None:
        if self._assignment.waiting and self.clock() >= self._retry_at:
            self._begin_reading()
        wait = POLL_SECONDS if self._buffer.is_empty else min(POLL_SECONDS, max(self._buffer.seconds_left(), 0.0))
        for message in self._consumer.consume(min(SLICE_MESSAGES, self._buffer.room), wait):
            self._take(message)
        if self._released_in_vain:
            self._recover(self._released_in_vain)
        if self._buffer.is_due() or (targets is not None and self._buffer.has_reached(targets)):
            self._flush()

    def _take(self, message: Message) -> None:
        error = message.error()
        if error is None:
            self.report.received()
            self._buffer.add(record_of(message))
        elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's public name
            self._buffer.skip_to(message.partition() or 0, message.offset() or 0)
        else:
            self._raise_if_final(error, message)

    def _flush(self) -> None:
        batch = self._buffer.drain()
        if not batch.moves:
            return
        try:
            self._land(batch)
        except _RETRIED as error:
            self._recover(error)

    def _land(self, batch: Batch) -> None:
        self._hold_budget(len(batch.dead_letters))
        for part in land_isolating(self.lake, batch):
            self._buffer.landed(part)
            self.report.add(part)
            self._tell_kafka(part)
            self._hold_budget(0)
        self._failures = 0

    def _hold_budget(self, more: int) -> None:
        if self.report.dead_lettered + more > self.settings.dead_letter_budget:
            raise BudgetExceededError(
                f"More than {self.settings.dead_letter_budget} dead letters in this run",
                where=f"topic {self.kafka.topic}",
                remedy="Look at raw.dead_letter; TRIPLINE_CONSUMER_DEAD_LETTER_BUDGET allows more.",
            )

    def _tell_kafka(self, batch: Batch) -> None:
        """Commit to Kafka what the lake has, for lag tools alone: nobody reads it back, so nobody waits for it."""
        offsets = [TopicPartition(self.kafka.topic, part, move.end) for part, move in batch.moves.items()]
        with suppress(KafkaException):
            self._consumer.commit(offsets=offsets, asynchronous=True)

    def _release(self, partitions: set[int], lost: bool) -> None:
        """Land what is buffered of partitions that go to another consumer; if that fails, the other reads it again."""
        if not lost:
            batch = self._buffer.drain(partitions)
            try:
                if batch.moves:
                    self._land(batch)
            except TriplineError as error:
                # An exception must not leave a rebalance callback; the loop deals with it.
                self._released_in_vain = error
        self._buffer.forget(partitions)

    def _recover(self, error: TriplineError) -> None:
        """Drop the buffer, stop reading and wait; raise what waiting cannot heal."""
        self._released_in_vain = None
        if not isinstance(error, _RETRIED):
            raise error
        self._failures += 1
        self.report.retries += 1
        pause = delay(self._failures, self.random)
        _log.warning("landing_failed", error=str(error), failures=self._failures, retry_in_seconds=round(pause, 2))
        self.lake.disconnect()
        self._buffer.forget(list(self._buffer.positions))
        self._assignment.stop()
        self._retry_at = self.clock() + pause

    def _begin_reading(self) -> None:
        """Start waiting partitions where the lake stands; a partition that it has never seen, at its first offset."""
        waiting = self._assignment.waiting
        try:
            new = waiting - self.lake.offsets().keys()
            for partition in new:
                self.lake.register(partition, self._watermarks(partition)[0])
            stored = self.lake.offsets()
        except _RETRIED as error:
            self._recover(error)
            return
        offsets = {partition: stored[partition] for partition in waiting}
        self._assignment.start(offsets)
        self._buffer.begin(offsets)
        _log.info("reading_from", offsets=offsets)

    def _has_reached(self, targets: Mapping[int, int] | None) -> bool:
        if targets is None or not self._buffer.is_empty:
            return False
        missing = {
            partition for partition, target in targets.items() if self._buffer.positions.get(partition, -1) < target
        }
        if not missing:
            return True
        if missing & self._buffer.positions.keys() or self.clock() < self._retry_at:
            return False
        try:
            stored = self.lake.offsets()
        except _RETRIED as error:
            self._recover(error)
            return False
        return all(stored.get(partition, -1) >= targets[partition] for partition in missing)

    def _raise_if_final(self, error: KafkaError, message: Message) -> None:
        where = f"topic {self.kafka.topic} at {self.kafka.bootstrap_servers}"
        if error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001
            self._refuse_to_jump(message.partition() or 0)
        elif error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            # Raises when the topic is gone; otherwise the broker has not heard of it yet, or is not there.
            with suppress(UnreachableError):
                partition_ranges(self.kafka)
        final = judge(error, where)
        if final is not None:
            raise final
        _log.warning("kafka_reports", error=error.name(), partition=message.partition())

    def _refuse_to_jump(self, partition: int) -> None:
        position = self._buffer.positions.get(partition)
        if position is None:
            return
        low, high = self._watermarks(partition)
        raise FatalError(
            f"Kafka does not have offset {position}, where the lake stands; it has [{low}, {high})",
            where=f"topic {self.kafka.topic}, partition {partition}",
            remedy="Retention removed it or the topic was made anew. Decide what is lost, then set next_offset in "
            "raw.consumer_offset.",
        )

    def _watermarks(self, partition: int) -> tuple[int, int]:
        where = TopicPartition(self.kafka.topic, partition)
        try:
            watermarks = self._consumer.get_watermark_offsets(where, timeout=WATERMARK_SECONDS)
        except KafkaException as error:
            raise TransientError("Kafka did not say what a partition holds", where=str(partition)) from error
        if watermarks is None:
            raise TransientError("Kafka did not say what a partition holds", where=str(partition))
        return watermarks

    def _leave(self) -> None:
        self._buffer.forget(list(self._buffer.positions))
        self._consumer.close()
        self.lake.disconnect()
