"""Reading the lake: how far it is, and the events of a range of offsets, in bounded memory."""

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import Connection

from contracts.lake import classify
from contracts.sql import load_sql
from warehouse.columns import Landed
from warehouse.window import Partition, Range

BATCH_ROWS = 10_000
BATCH_BYTES = 16 * 2**20


def read_committed(connection: Connection[Any]) -> tuple[dict[Partition, int], dict[Partition, int]]:
    """Return, per partition, the lake's next offset and the lowest offset that landed (absent when none did)."""
    committed: dict[Partition, int] = {}
    lowest: dict[Partition, int] = {}
    for topic, number, next_offset, lowest_offset in connection.execute(load_sql("postgres/queries/lake_committed")):
        committed[Partition(topic, number)] = next_offset
        if lowest_offset is not None:
            lowest[Partition(topic, number)] = lowest_offset
    return committed, lowest


def read_batches(connection: Connection[Any], window: Range) -> Iterator[list[Landed]]:
    """Yield the events of one range by offset, streamed: at most BATCH_ROWS rows and about BATCH_BYTES at a time.

    Raises TransientError when the connection is lost.
    """
    coordinates = (window.topic, window.kafka_partition, window.from_offset, window.to_offset)
    batch: list[Landed] = []
    size = 0
    try:
        with connection.cursor() as cursor, cursor.copy(load_sql("postgres/queries/lake_range"), coordinates) as copy:
            # Binary text is its bytes: read as such it needs no decoding here.
            copy.set_types(["int8", "int8", "bytea"])
            for offset, arrived_at, payload in copy.rows():
                batch.append(Landed(window.topic, window.kafka_partition, offset, arrived_at, payload))
                size += len(payload)
                if len(batch) >= BATCH_ROWS or size >= BATCH_BYTES:
                    yield batch
                    batch, size = [], 0
    except psycopg.Error as error:
        raise classify(error, where=f"{window.topic}[{window.kafka_partition}] of the lake") from error
    if batch:
        yield batch
