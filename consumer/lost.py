"""Offsets that retention removed before they landed. Nobody skips them but a person."""

from collections.abc import Iterable, Mapping

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from consumer.batch import Move
from consumer.health import Position
from contracts.broker import PartitionRange
from contracts.errors import BusyError
from contracts.lake import classify
from contracts.sql import load_sql


def find_lost(ranges: Iterable[PartitionRange], positions: Iterable[Position]) -> dict[int, Move]:
    """Return, by partition, the offsets `[from, to)` that the lake has not read and Kafka no longer has."""
    at = {position.kafka_partition: position.next_offset for position in positions}
    return {
        each.partition: Move(at[each.partition], each.low)
        for each in ranges
        if each.partition in at and at[each.partition] < each.low
    }


def skip(connection: Connection[TupleRow], topic: str, gaps: Mapping[int, Move]) -> None:
    """Move each partition to the end of its gap, and commit. Raises BusyError when a consumer moved one meanwhile."""
    values = {
        "topic": topic,
        "partitions": list(gaps),
        "from_offsets": [move.start for move in gaps.values()],
        "to_offsets": [move.end for move in gaps.values()],
    }
    try:
        moved = connection.execute(load_sql("postgres/queries/advance_offsets"), values).rowcount
        if moved != len(gaps):
            raise BusyError("A consumer is running", where=f"topic {topic}", remedy="Stop it, then try again.")
        connection.commit()
    except psycopg.Error as error:
        raise classify(error, where=f"topic {topic}") from error
