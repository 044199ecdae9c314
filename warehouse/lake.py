"""Reading the lake: how far it is, and the events of a range of offsets, in bounded memory."""

from collections.abc import Iterator
from struct import unpack
from typing import Any

import psycopg
from psycopg import Connection

from contracts.lake import classify
from contracts.sql import load_sql
from warehouse.columns import Landed
from warehouse.lake_rows import read_rows
from warehouse.window import Partition, Range

# One batch is judged while the next is read: small ones begin early, and keep memory low.
BATCH_ROWS = 5_000
BATCH_BYTES = 16 * 2**20
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
    offsets: list[int] = []
    arrivals: list[int] = []
    payloads: list[bytes] = []
    size = 0

    def batch() -> Landed:
        return Landed(
            [window.topic] * len(offsets), [window.kafka_partition] * len(offsets), offsets, arrivals, payloads
        )

    try:
        with connection.cursor() as cursor, cursor.copy(load_sql("postgres/queries/lake_range"), coordinates) as copy:
            copy.set_types(["bytea", "bytea", "bytea"])
            for some_offsets, some_arrivals, some_payloads in copy.rows():
                documents = some_payloads.split(b"\n")
                numbers = f">{len(documents)}q"
                offsets += unpack(numbers, some_offsets)
                arrivals += (each + EPOCH_2000 for each in unpack(numbers, some_arrivals))
                payloads += documents
                size += len(some_payloads)
                if len(payloads) >= BATCH_ROWS or size >= BATCH_BYTES:
                    yield batch()
                    offsets, arrivals, payloads, size = [], [], [], 0
    except psycopg.Error as error:
        raise classify(error, where=f"{window.topic}[{window.kafka_partition}] of the lake") from error
    if payloads:
        yield batch()
