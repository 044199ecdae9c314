"""Reading the lake: how far it is, and the events of a range of offsets, in bounded memory."""

from collections.abc import Iterator, Sequence
from struct import Struct
from typing import Any

import psycopg
from psycopg import Connection, Copy

from contracts.lake import classify
from contracts.sql import load_sql
from warehouse.columns import Landed
from warehouse.lake_rows import read_rows
from warehouse.window import Partition, Range

# One batch is judged while the next is read: small ones begin early, and keep memory low.
BATCH_ROWS = 5_000
BATCH_BYTES = 16 * 2**20
HEADER_BYTES = 19
# Number of fields; length and value of the offset and of the arrival; length of the payload, which follows.
ROW_HEAD = Struct(">hiqiqi")
# PostgreSQL counts microseconds from 2000-01-01.
EPOCH_2000 = 946_684_800_000_000


def read_committed(connection: Connection[Any]) -> tuple[dict[Partition, int], dict[Partition, int]]:
    """Return, per partition, the lake's next offset and the lowest offset that landed (absent when none did).

    Raises TransientError, FatalError (no schema yet).
    """
    rows = read_rows(connection, "lake_committed")
    committed = {Partition(row["topic"], row["kafka_partition"]): row["next_offset"] for row in rows}
    lowest = {Partition(row["topic"], row["kafka_partition"]): row["lowest_offset"] for row in rows}
    return committed, {partition: offset for partition, offset in lowest.items() if offset is not None}


def read_batches(connection: Connection[Any], window: Range) -> Iterator[Landed]:
    """Yield the events of one range by offset, streamed: at most BATCH_ROWS rows and about BATCH_BYTES at a time.

    Raises TransientError when the connection is lost.
    """
    coordinates = (window.topic, window.kafka_partition, window.from_offset, window.to_offset)
    rows: list[tuple[int, int, bytes]] = []
    size = 0
    try:
        with connection.cursor() as cursor, cursor.copy(load_sql("postgres/queries/lake_range"), coordinates) as copy:
            for row in _unpacked(copy):
                rows.append(row)
                size += len(row[2])
                if len(rows) >= BATCH_ROWS or size >= BATCH_BYTES:
                    yield _landed(window, rows)
                    rows, size = [], 0
    except psycopg.Error as error:
        raise classify(error, where=f"{window.topic}[{window.kafka_partition}] of the lake") from error
    if rows:
        yield _landed(window, rows)


def _unpacked(copy: Copy) -> Iterator[tuple[int, int, bytes]]:
    """Yield offset, arrival and payload of each row of a binary COPY, one message a row, the first behind the header.

    Layout: PostgreSQL documentation, COPY, "Binary Format". By hand: psycopg's own way takes three times as long.
    """
    skip = HEADER_BYTES
    for message in copy:
        if len(message) - skip > ROW_HEAD.size:
            _fields, _size, offset, _size, arrived_at, _size = ROW_HEAD.unpack_from(message, skip)
            yield offset, arrived_at + EPOCH_2000, bytes(message[skip + ROW_HEAD.size :])
        skip = 0


def _landed(window: Range, rows: Sequence[tuple[int, int, bytes]]) -> Landed:
    offsets, arrivals, payloads = zip(*rows, strict=True)
    return Landed([window.topic] * len(rows), [window.kafka_partition] * len(rows), offsets, arrivals, payloads)
