"""Partitions that the group gives to this consumer, and those of them that it reads.

Being given a partition and reading it are two steps here: reading begins when Postgres has said where, and stops
while Postgres does not answer. Meanwhile the consumer stays in the group and polls.
"""

from collections.abc import Callable, Iterable, Mapping

import structlog
from confluent_kafka import Consumer, TopicPartition

_log = structlog.get_logger()


class Assignment:
    """Owned and read partitions of one topic, kept by the cooperative rebalance protocol."""

    def __init__(self, consumer: Consumer, topic: str, release: Callable[[set[int], bool], None]) -> None:
        """`release(partitions, lost)` is called before partitions go to somebody else; it must not raise.

        When `lost`, they have gone already.
        """
        self._consumer = consumer
        self._topic = topic
        self._release = release
        self._owned: set[int] = set()
        self._read: set[int] = set()
        self.joined = False
        """Whether the group has given this consumer its share, be it nothing."""

    @property
    def waiting(self) -> set[int]:
        """Partitions that are owned and not read."""
        return self._owned - self._read

    def subscribe(self) -> None:
        """Join the group."""
        self._consumer.subscribe(
            [self._topic], on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
        )

    def start(self, offsets: Mapping[int, int]) -> None:
        """Read these waiting partitions from these offsets."""
        partitions = [TopicPartition(self._topic, partition, offset) for partition, offset in offsets.items()]
        self._consumer.incremental_assign(partitions)
        self._read |= offsets.keys()

    def stop(self) -> None:
        """Read nothing until `start`; what was fetched and not handed out is discarded."""
        self._consumer.incremental_unassign(self._named(self._read))
        self._read = set()

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._owned |= {each.partition for each in partitions}
        self.joined = True
        _log.info("partitions_assigned", partitions=sorted(self._owned))
        # Tells librdkafka that we assign ourselves; `start` does.
        consumer.incremental_assign([])

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._give_up(consumer, {each.partition for each in partitions}, lost=False)

    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._give_up(consumer, {each.partition for each in partitions}, lost=True)

    def _give_up(self, consumer: Consumer, partitions: set[int], *, lost: bool) -> None:
        self._release(partitions, lost)
        consumer.incremental_unassign(self._named(partitions & self._read))
        self._owned -= partitions
        self._read -= partitions
        _log.info("partitions_lost" if lost else "partitions_revoked", partitions=sorted(partitions))

    def _named(self, partitions: Iterable[int]) -> list[TopicPartition]:
        return [TopicPartition(self._topic, partition) for partition in partitions]
