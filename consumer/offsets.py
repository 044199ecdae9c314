"""What Kafka says about the offsets of one topic's partitions, and what it is told."""

from collections.abc import Mapping
from contextlib import suppress

from confluent_kafka import Consumer, KafkaException, TopicPartition

from consumer.batch import Move
from contracts.errors import LostOffsetsError, TransientError, TriplineError

ANSWER_SECONDS = 10.0


class Offsets:
    """The broker's view, through a consumer that is in the group."""

    def __init__(self, consumer: Consumer, topic: str) -> None:
        self._consumer = consumer
        self._topic = topic
        self._untold: dict[int, int] = {}

    def ends(self, partition: int) -> tuple[int, int]:
        """Return what the partition holds, `[low, high)`. Raises TransientError without an answer."""
        where = f"topic {self._topic}, partition {partition}"
        try:
            known = self._consumer.get_watermark_offsets(TopicPartition(self._topic, partition), timeout=ANSWER_SECONDS)
        except KafkaException as error:
            raise TransientError("Kafka did not say what a partition holds", where=where) from error
        if known is None:
            raise TransientError("Kafka did not say what a partition holds", where=where)
        return known

    def waiting(self, positions: Mapping[int, int]) -> dict[int, int]:
        """Return how many messages stand behind each position, as far as the broker's last answers go."""
        return {partition: max(self._known_high(partition) - at, 0) for partition, at in positions.items()}

    def note(self, moves: Mapping[int, Move]) -> None:
        """Note what has landed, for `tell`."""
        self._untold.update((partition, move.end) for partition, move in moves.items())

    def tell(self) -> None:
        """Commit to Kafka what has landed since, for lag tools alone: nobody reads it back, so nobody waits for it.

        Kafka writes each commit to a log: one a second costs it nothing, one for each batch a tenth of all its work.
        """
        if self._untold:
            offsets = [TopicPartition(self._topic, partition, end) for partition, end in self._untold.items()]
            self._untold.clear()
            with suppress(KafkaException):
                self._consumer.commit(offsets=offsets, asynchronous=True)

    def why_refused(self, partition: int, position: int) -> TriplineError:
        """Return why Kafka does not read from the lake's position: LostOffsetsError, or TransientError when it will."""
        where = f"topic {self._topic}, partition {partition}"
        try:
            low, high = self.ends(partition)
        except TransientError as error:
            return error
        if low <= position <= high:
            return TransientError(f"Kafka refused offset {position}, which it has", where=where)
        return LostOffsetsError(
            f"Kafka does not have offset {position}, where the lake stands; it has [{low}, {high})",
            where=where,
            remedy="`python -m consumer skip-lost` shows what retention removed, and goes on behind it when told to.",
        )

    def _known_high(self, partition: int) -> int:
        with suppress(KafkaException):
            known = self._consumer.get_watermark_offsets(TopicPartition(self._topic, partition), cached=True)
            return known[1] if known else 0
        return 0
