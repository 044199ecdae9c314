"""The dead letters in the lake, what they were fixed to, and the audit of their replays."""

from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from consumer.batch import Headers
from contracts.errors import BadInputError, BusyError
from contracts.lake import classify, connect, locks_let_go
from contracts.settings import LakeSettings
from contracts.sql import load_sql


@dataclass(frozen=True)
class Selection:
    """Which dead letters of a topic are meant: all that fit everything given."""

    topic: str
    partition: int | None = None
    offset: int | None = None
    reason: str | None = None
    day: date | None = None


class Listed(NamedTuple):
    """A dead letter without its bytes; `state` is new, fixed, unconfirmed, published or landed."""

    partition: int
    offset: int
    day: date
    reason: str
    error: str
    bytes: int | None
    state: str


@dataclass(frozen=True)
class Letter:
    """A dead letter with its bytes, and with those that it was fixed to."""

    arrived_at: datetime
    reason: str
    error: str
    key: bytes | None
    value: bytes | None
    headers: list[dict[str, Any]]
    method: str | None
    fixed_by: str | None
    fixed_key: bytes | None
    fixed_value: bytes | None

    @property
    def kafka_headers(self) -> Headers:
        """Return the headers as Kafka had them."""
        return [(each["name"], None if each["value"] is None else b64decode(each["value"])) for each in self.headers]


class Store:
    """Every method raises what `contracts.lake.classify` makes of Postgres' errors."""

    def __init__(self, connection: Connection[TupleRow], topic: str, where: str) -> None:
        self._connection = connection
        self._topic = topic
        self._where = where

    def listed(self, selection: Selection) -> list[Listed]:
        """Return the letters that are meant, by partition and offset."""
        with self._guarded(), self._connection.cursor(row_factory=class_row(Listed)) as cursor:
            return cursor.execute(load_sql("postgres/queries/list_dead_letters"), vars(selection)).fetchall()

    def letter(self, partition: int, offset: int) -> Letter:
        """Return one letter. Raises BadInputError when there is none at these coordinates."""
        with self._guarded(), self._connection.cursor(row_factory=class_row(Letter)) as cursor:
            statement = load_sql("postgres/queries/select_dead_letter")
            found = cursor.execute(statement, self._at(partition, offset)).fetchone()
        if found is None:
            raise BadInputError(
                "No dead letter has these coordinates",
                where=f"topic {self._topic}, partition {partition}, offset {offset}",
                remedy="`python -m consumer dead-letters list --each` shows those there are.",
            )
        return found

    def fix(self, letter: Listed, *, key: bytes | None, value: bytes, method: str, by: str) -> bool:
        """Keep what a letter is to say when it is replayed; return False when a replay of it has begun already."""
        values = {"key": key, "value": value, "method": method, "by": by}
        return self._execute("fix_dead_letter", self._at(letter.partition, letter.offset) | values).rowcount == 1

    def begin_replay(self, letter: Listed, by: str) -> int:
        """Write down that a letter is about to be published; return the attempt's number."""
        row = self._execute("begin_replay", self._at(letter.partition, letter.offset) | {"by": by}).fetchone()
        return int(row[0]) if row else 0

    def complete_replay(self, replay_id: int, partition: int, offset: int) -> None:
        """Write down where Kafka has put it."""
        self._execute("complete_replay", {"replay_id": replay_id, "to_partition": partition, "to_offset": offset})

    def lock_replays(self) -> None:
        """Hold the lock of replays until the store is left. Raises BusyError when another replay holds it."""
        if self._execute("lock_replays", {}).fetchone() != (True,):
            raise BusyError("Another replay is running", where=self._where, remedy="Wait for it; a killed one is gone.")

    def _at(self, partition: int, offset: int) -> dict[str, Any]:
        return {"topic": self._topic, "partition": partition, "offset": offset}

    def _execute(self, query: str, values: dict[str, Any]) -> psycopg.Cursor[TupleRow]:
        with self._guarded():
            return self._connection.execute(load_sql(f"postgres/queries/{query}"), values)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise classify(error, where=self._where) from error


@contextmanager
def open_store(lake: LakeSettings, topic: str) -> Iterator[Store]:
    """Lend the dead letters of a topic; every change is committed at once."""
    with connect(lake, application="dead-letters", autocommit=True) as connection, locks_let_go(connection):
        yield Store(connection, topic, f"Postgres at {lake.address}")
