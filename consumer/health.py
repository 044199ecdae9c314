"""Is the consumer healthy? Only if no partition stands still while events wait in it."""

from collections.abc import Iterable
from typing import NamedTuple

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from contracts.broker import PartitionRange
from contracts.errors import TransientError
from contracts.sql import load_sql


class Position(NamedTuple):
    """Up to where a partition stands in the lake, and for how long it has stood there."""

    kafka_partition: int
    next_offset: int
    idle_seconds: float


def read_positions(connection: Connection[TupleRow], topic: str) -> list[Position]:
    """Return where each partition of the topic stands in the lake."""
    with connection.cursor(row_factory=class_row(Position)) as cursor:
        return cursor.execute(load_sql("postgres/queries/offset_progress"), {"topic": topic}).fetchall()


def verify_progress(ranges: Iterable[PartitionRange], positions: Iterable[Position], *, within_seconds: float) -> int:
    """Return how many events wait to be landed, over all partitions.

    Raises TransientError for a partition in which events wait and whose offset has not moved for so many seconds.
    """
    at = {position.kafka_partition: position for position in positions}
    waiting = 0
    for each in ranges:
        position = at.get(each.partition, Position(each.partition, each.low, float("inf")))
        lag = each.high - max(position.next_offset, each.low)
        if lag > 0 and position.idle_seconds > within_seconds:
            raise TransientError(
                f"{lag:,} events wait, and none has landed for {position.idle_seconds:,.0f} s",
                where=f"topic {each.topic}, partition {each.partition}, offset {position.next_offset}",
                remedy="Is the consumer running, and does Postgres commit? Its log says.",
            )
        waiting += max(lag, 0)
    return waiting
