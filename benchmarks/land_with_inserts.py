"""Sink: `INSERT` from Python, one message and one commit at a time, or with `executemany` a thousand."""

import sys
from collections.abc import Iterable, Iterator
from itertools import islice

from psycopg import Connection
from psycopg.rows import TupleRow

from benchmarks.topic import read
from consumer.batch import Record
from contracts.lake import connect
from contracts.settings import KafkaSettings, LakeSettings, load
from contracts.sql import load_sql

BATCH_ROWS = 1_000
Row = tuple[str, int, int, int, str | None, str]


def one_by_one(connection: Connection[TupleRow], rows: Iterable[Row]) -> None:
    """Commit each message on its own."""
    for row in rows:
        with connection.transaction():
            connection.execute(load_sql("postgres/benchmarks/insert_trip_event"), row)


def in_batches(connection: Connection[TupleRow], rows: Iterator[Row]) -> None:
    """Commit a batch at a time."""
    while batch := list(islice(rows, BATCH_ROWS)):
        with connection.transaction():
            connection.cursor().executemany(load_sql("postgres/benchmarks/insert_trip_event"), batch)


def _row(topic: str, record: Record) -> Row:
    key, value = record.key, record.value or b"null"
    return topic, record.partition, record.offset, record.arrived_at, key.decode() if key else None, value.decode()


if __name__ == "__main__":
    settings = load(KafkaSettings)
    messages = (_row(settings.topic, record) for record in read(settings))
    with connect(load(LakeSettings), application="benchmark", autocommit=True) as lake:
        (in_batches if sys.argv[1] == "batches" else one_by_one)(lake, messages)
