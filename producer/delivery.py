"""Messages onto the topic: idempotent, bounded in memory, and counted by what the broker acknowledged."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer

from contracts.broker import ensure_topic
from contracts.errors import FatalError, PoisonError, UnconfirmedDeliveryError
from contracts.settings import KafkaSettings, ProducerSettings
from producer.journal import Journal
from producer.messages import Sendable
from producer.metrics import ProducerMetrics
from producer.parcel import Parcel

QUEUE_KILOBYTES = 65_536
PATIENCE_AFTER_STOP_SECONDS = 20.0
"""Less than the 30 seconds that Compose and Kubernetes grant before they kill."""
STANDSTILL_SECONDS = 30.0
"""A producer whose oldest message has waited so long for its answer is not ready."""

PARTITION_UA = -1
"""librdkafka's name for "by the key"."""

log = structlog.get_logger()
_silent = logging.getLogger("producer.delivery.silent")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False


@dataclass
class Report:
    """What became of the messages that were handed over. Once it is over, `produced` = `acknowledged` + `failed`.

    `sent_again` of them an earlier run had left unconfirmed.
    """

    produced: int = 0
    acknowledged: int = 0
    failed: int = 0
    trips: int = 0
    sent_again: int = 0
    failure: str = ""

    def counts(self) -> dict[str, object]:
        """Return what the summary shows; what was sent again only when there was any."""
        counts: dict[str, object] = {"produced": self.produced, "acknowledged": self.acknowledged}
        counts |= {"failed": self.failed, "trips": self.trips}
        return counts | ({"sent_again": self.sent_again} if self.sent_again else {})

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

    def __init__(
        self,
        kafka: KafkaSettings,
        settings: ProducerSettings,
        *,
        journal: Journal | None = None,
        metrics: ProducerMetrics | None = None,
    ) -> None:
        ensure_topic(kafka)
        self.report = Report()
        self._kafka = kafka
        self._journal, self._metrics = journal, metrics or ProducerMetrics()
        self._patience_seconds = settings.delivery_timeout_seconds + 5.0
        self._open: dict[int, Parcel] = {}
        self._producer = Producer(_config(kafka, settings), logger=_silent)
        self._metrics.queue_depth.set_function(self._producer.__len__)

    def wait(self, seconds: float) -> None:
        """Wait, taking delivery reports meanwhile; return early when one came."""
        self._producer.poll(seconds)

    def standstill(self) -> str:
        """Say that the broker does not answer any more, or nothing when it does."""
        oldest = next(iter(list(self._open.values())), None)
        waits = time.monotonic() - oldest.handed_over if oldest else 0.0
        return f"no acknowledgement for {waits:.0f} s" if waits > STANDSTILL_SECONDS else ""

    def send(
        self, source: Iterable[Sequence[Sendable]], *, stopped: Callable[[], bool], advance: Callable[[int], None]
    ) -> None:
        """Produce what an earlier run left unconfirmed, then the source's batches, and wait for every answer.

        It ends early when `stopped`, or with the first message that fails. `advance` is told how many more were
        acknowledged. Raises PoisonError for a message that is too large, FatalError when the broker refuses this
        producer; also then, all that was produced before is answered for.
        """
        told = 0

        def tell() -> None:
            nonlocal told
            advance(self.report.acknowledged - told)
            told = self.report.acknowledged

        try:
            for parcel in self._parcels(source):
                self._hand_over(parcel, stopped, tell)
                self._producer.poll(0)
                tell()
                if self.report.failed or stopped():
                    break
        finally:
            # A signal must end even a long wait for a broker that is gone.
            patience = min(self._patience_seconds, PATIENCE_AFTER_STOP_SECONDS) if stopped() else self._patience_seconds
            for _ in self._flushed(time.monotonic() + patience):
                tell()
            tell()
            self._close_books()

    def _parcels(self, source: Iterable[Sequence[Sendable]]) -> Iterator[Parcel]:
        """Yield the parcels, each written down in the journal before."""
        for number, left in list(self._journal.unconfirmed.items()) if self._journal else ():
            self.report.sent_again += len(left)
            self._metrics.sent_again.inc(len(left))
            yield self._parcel(number, left)
        for count, messages in enumerate(source):
            yield self._parcel(self._journal.write(messages) if self._journal else count, messages)

    def _parcel(self, number: int, messages: Sequence[Sendable]) -> Parcel:
        parcel = Parcel(number, messages, time.monotonic(), self._settle)
        self._open[number] = parcel
        return parcel

    def _hand_over(self, parcel: Parcel, stopped: Callable[[], bool], tell: Callable[[], None]) -> None:
        produce, topic, answer, handed = self._producer.produce, self._kafka.topic, parcel.answer, 0
        try:
            for message in parcel.messages:
                handed += 1
                while True:
                    try:
                        produce(topic, message.value, message.key, PARTITION_UA, answer)
                        break
                    except BufferError:
                        # The queue is full: take delivery reports until there is room.
                        self._producer.poll(0.1)
                        tell()
                        if stopped():
                            handed -= 1  # This one never got in.
                            return
                    except KafkaException as error:
                        raise self._refused(error, message) from error
        finally:
            self.report.produced += handed
            self.report.trips += sum(message.starts_trip for message in parcel.messages[:handed])
            self._metrics.produced.inc(handed)

    def _settle(self, parcel: Parcel) -> None:
        """Take a parcel off the books when all of it is answered: called by it, in `poll` or `flush`."""
        del self._open[parcel.number]
        self._count(parcel)
        self._metrics.acknowledgement_seconds.observe(time.monotonic() - parcel.handed_over)
        if self._journal and not parcel.failed:
            self._journal.confirm(parcel.number)

    def _count(self, parcel: Parcel) -> None:
        self.report.acknowledged += parcel.acknowledged
        self.report.failed += parcel.failed
        self.report.failure = self.report.failure or parcel.failure
        self._metrics.acknowledged.inc(parcel.acknowledged)

    def _close_books(self) -> None:
        """Count what was answered of parcels that were not answered as a whole; all else has failed."""
        for parcel in self._open.values():
            self._count(parcel)
        self.report.failed = self.report.produced - self.report.acknowledged
        self._metrics.failed.inc(self.report.failed)

    def _refused(self, error: KafkaException, message: Sendable) -> PoisonError | FatalError:
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


def _config(kafka: KafkaSettings, settings: ProducerSettings) -> dict[str, object]:
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
        "error_cb": _warn,
    }


def _warn(error: KafkaError) -> None:
    """Say that the broker is troubled; librdkafka goes on trying until the delivery timeout."""
    log.warning("broker_trouble", error=error.name())
