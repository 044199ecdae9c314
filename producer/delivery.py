"""Messages onto the topic: idempotent, bounded in memory, and counted by what the broker acknowledged."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from contracts.broker import ensure_topic
from contracts.errors import FatalError, PoisonError, UnconfirmedDeliveryError
from contracts.settings import KafkaSettings, ProducerSettings
from producer import messages

POLL_EVERY = 500
QUEUE_KILOBYTES = 65_536
PATIENCE_AFTER_STOP_SECONDS = 20.0
"""Less than the 30 seconds that Compose and Kubernetes grant before they kill."""

log = structlog.get_logger()
_silent = logging.getLogger("producer.delivery.silent")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False


@dataclass
class Report:
    """What became of the messages that were handed over. Once it is over, `produced` = `acknowledged` + `failed`."""

    produced: int = 0
    acknowledged: int = 0
    failed: int = 0
    trips: int = 0
    failure: str = ""

    def count(self, error: KafkaError | None, _message: Message) -> None:
        """Take one delivery report of librdkafka."""
        if error is None:
            self.acknowledged += 1
        else:
            self.failed += 1
            self.failure = self.failure or error.str()

    def verify(self, kafka: KafkaSettings) -> None:
        """Raise UnconfirmedDeliveryError unless every message was acknowledged."""
        if self.acknowledged != self.produced:
            raise UnconfirmedDeliveryError(
                f"{self.failed:,} of {self.produced:,} events were not acknowledged: {self.failure or 'no answer'}",
                where=f"topic {kafka.topic} at {kafka.bootstrap_servers}",
                remedy="Is the broker well? A replay can be run again: it has the same ids, and duplicates count once.",
            )


class Delivery:
    """A connection to the topic, verified at once.

    Raises UnreachableError within `kafka.timeout_seconds` when no broker answers; creates the topic when missing.
    """

    def __init__(self, kafka: KafkaSettings, settings: ProducerSettings) -> None:
        ensure_topic(kafka)
        self.report = Report()
        self._kafka = kafka
        self._patience_seconds = settings.delivery_timeout_seconds + 5.0
        self._producer = Producer(_config(kafka, settings, self.report), logger=_silent)

    def wait(self, seconds: float) -> None:
        """Wait, taking delivery reports meanwhile; return early when one came."""
        self._producer.poll(seconds)

    def send(
        self, source: Iterable[messages.Message], *, stopped: Callable[[], bool], advance: Callable[[int], None]
    ) -> None:
        """Produce until the source ends, `stopped`, or the first message fails; then wait for every answer.

        `advance` is told how many more were acknowledged. Raises PoisonError for a message that is too large,
        FatalError when the broker refuses this producer; also then, all that was produced before is answered for.
        """
        told = 0
        try:
            for message in source:
                self._produce(message, stopped)
                if self.report.produced % POLL_EVERY == 0:
                    self._producer.poll(0)
                    told = self._tell(advance, told)
                if self.report.failed or stopped():
                    break
        finally:
            patience = min(self._patience_seconds, PATIENCE_AFTER_STOP_SECONDS) if stopped() else self._patience_seconds
            for _ in self._flushed(time.monotonic() + patience):
                told = self._tell(advance, told)
            self._tell(advance, told)
            self.report.failed = self.report.produced - self.report.acknowledged

    def _produce(self, message: messages.Message, stopped: Callable[[], bool]) -> None:
        self.report.produced += 1
        self.report.trips += message.starts_trip
        while True:
            try:
                self._producer.produce(self._kafka.topic, message.value, message.key)
            except BufferError:
                # The queue is full: take delivery reports until there is room.
                self._producer.poll(0.1)
                if stopped():
                    return
            except KafkaException as error:
                raise self._refused(error, message) from error
            else:
                return

    def _refused(self, error: KafkaException, message: messages.Message) -> PoisonError | FatalError:
        reason: KafkaError = error.args[0]
        if reason.code() == KafkaError.MSG_SIZE_TOO_LARGE:
            return PoisonError(
                f"A message of {len(message.value):,} bytes is larger than the topic takes",
                where=f"topic {self._kafka.topic}, key {message.key}",
            )
        return FatalError(
            f"Kafka no longer takes messages of this producer: {reason.str()}",
            where=f"topic {self._kafka.topic} at {self._kafka.bootstrap_servers}",
        )

    def _flushed(self, deadline: float) -> Iterator[int]:
        """Wait in short steps, so that a signal is seen, until nothing is unanswered or the deadline has come."""
        while (unanswered := self._producer.flush(0.5)) and time.monotonic() < deadline:
            yield unanswered

    def _tell(self, advance: Callable[[int], None], told: int) -> int:
        advance(self.report.acknowledged - told)
        return self.report.acknowledged


def _config(kafka: KafkaSettings, settings: ProducerSettings, report: Report) -> dict[str, object]:
    return {
        **kafka.client_config(),
        "enable.idempotence": True,
        "acks": "all",
        "compression.type": settings.compression,
        "linger.ms": 20,
        "queue.buffering.max.messages": settings.queue_messages,
        "queue.buffering.max.kbytes": QUEUE_KILOBYTES,
        "delivery.timeout.ms": settings.delivery_timeout_seconds * 1000,
        # The Java clients' partitioner, so that any producer puts a trip into the same partition.
        "partitioner": "murmur2_random",
        "on_delivery": report.count,
        "error_cb": _warn,
    }


def _warn(error: KafkaError) -> None:
    """Say that the broker is troubled; librdkafka goes on trying until the delivery timeout."""
    log.warning("broker_trouble", error=error.name())
