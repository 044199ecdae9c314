"""The fenced transaction: offsets and rows in one commit, so that a message lands exactly once whatever happens.

The offset that a batch starts from is the fence. Only one transaction can move it; a zombie, a repeated batch or a
commit whose answer was lost finds it moved, and ends in reading the offsets again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg
from psycopg import Connection
from psycopg.errors import CheckViolation, UniqueViolation
from psycopg.rows import TupleRow

from consumer.batch import Batch
from consumer.copy_format import pack_portions
from consumer.dead_letters import rows
from consumer.origin import replays_in, set_aside
from consumer.watchdog import deadline
from contracts.errors import FatalError, TransientError
from contracts.lake import classify, connect
from contracts.settings import LakeSettings
from contracts.sql import load_sql

_DAY_MILLISECONDS = 86_400_000


class FencedError(TransientError):
    """Somebody else moved the offsets that this batch starts from; nothing of it landed."""


class Lake:
    """One connection to the lake for one topic; connects again by itself after `disconnect`.

    Every method raises TransientError (connection lost, server restarting, deadline), FatalError (schema, rights) and,
    while it has to connect, UnreachableError or ConfigurationError.
    """

    def __init__(self, settings: LakeSettings, topic: str, deadline_seconds: float) -> None:
        self._settings = settings
        self._topic = topic
        self._deadline_seconds = deadline_seconds
        self._connection: Connection[TupleRow] | None = None
        self._known_days: set[int] = set()

    def offsets(self) -> dict[int, int]:
        """Return the next offset of every partition that any consumer has ever read."""
        with self._guarded() as connection:
            cursor = connection.execute(load_sql("postgres/queries/select_offsets"), {"topic": self._topic})
            return dict(cursor.fetchall())

    def register(self, partition: int, low: int) -> None:
        """Let a partition that nobody has read yet begin at `low`, its first offset in Kafka."""
        with self._guarded() as connection:
            values = {"topic": self._topic, "partition": partition, "low": low}
            connection.execute(load_sql("postgres/queries/register_partition"), values)

    def identify(self, topic_id: str) -> str:
        """Return the topic's id as the lake knows it; the first one that is told stays."""
        with self._guarded() as connection:
            values = {"topic": self._topic, "topic_id": topic_id}
            row = connection.execute(load_sql("postgres/queries/identify_topic"), values).fetchone()
        if row is None:
            raise TransientError("Another consumer is telling the topic's id", where=f"topic {self._topic}")
        return str(row[0])

    def land(self, batch: Batch) -> Batch:
        """Land the batch, or nothing of it; return it as it landed, repeated replays being dead letters.

        Raises FencedError when a partition does not stand where the batch starts, PoisonError when Postgres refuses a
        value.
        """
        with self._guarded() as connection:
            self._ensure_days(connection, batch)
            with connection.transaction():
                self._advance(connection, batch)
                batch = set_aside(batch, self._repeated_replays(connection, batch))
                if batch.records:
                    with connection.cursor().copy(load_sql("postgres/queries/copy_trip_events")) as copy:
                        for portion in pack_portions(self._topic, batch.records):
                            copy.write(portion)
                if batch.dead_letters:
                    statement = load_sql("postgres/queries/insert_dead_letter")
                    connection.cursor().executemany(statement, rows(self._topic, batch.dead_letters))
        return batch

    def disconnect(self) -> None:
        """Close the connection; the next method opens a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _advance(self, connection: Connection[TupleRow], batch: Batch) -> None:
        moves = sorted(batch.moves.items())
        values = {
            "topic": self._topic,
            "partitions": [partition for partition, _ in moves],
            "from_offsets": [move.start for _, move in moves],
            "to_offsets": [move.end for _, move in moves],
        }
        moved = connection.execute(load_sql("postgres/queries/advance_offsets"), values).rowcount
        if moved != len(moves):
            raise FencedError(
                "Another consumer moved the offsets of this batch",
                where=f"topic {self._topic}, {len(moves)} partitions",
            )

    def _repeated_replays(self, connection: Connection[TupleRow], batch: Batch) -> set[tuple[int, int]]:
        """Return the coordinates of replays whose dead letter another replay has landed; note those that land now."""
        repeated: set[tuple[int, int]] = set()
        for origin, partition, offset in replays_in(batch):
            to = {"to_topic": self._topic, "to_partition": partition, "to_offset": offset}
            if connection.execute(load_sql("postgres/queries/fence_replay"), origin._asdict() | to).rowcount == 0:
                repeated.add((partition, offset))
        return repeated

    def _ensure_days(self, connection: Connection[TupleRow], batch: Batch) -> None:
        days = {record.arrived_at // _DAY_MILLISECONDS for record in batch.records} - self._known_days
        for day in sorted(days):
            date = datetime.fromtimestamp(day * 86_400, UTC).date()
            connection.execute(load_sql("postgres/queries/ensure_day"), {"day": date})
        self._known_days |= days

    @contextmanager
    def _guarded(self) -> Iterator[Connection[TupleRow]]:
        """Lend the connection under the deadline; turn Postgres' errors into ours."""
        where = f"Postgres at {self._settings.address}"
        if self._connection is None:
            self._connection = connect(
                self._settings,
                application="consumer",
                autocommit=True,
                statement_seconds=self._deadline_seconds,
            )
        try:
            with deadline(self._connection, self._deadline_seconds):
                yield self._connection
        except UniqueViolation as error:
            raise FatalError(
                "A message of this batch is in the lake already: the offsets were moved backwards by hand",
                where=where,
                remedy="Set raw.consumer_offset.next_offset above the highest kafka_offset that has landed.",
            ) from error
        except CheckViolation as error:
            if error.diag.constraint_name is not None:
                raise classify(error, where=where) from error
            # No constraint was violated: the row's day has no partition any more, which says nothing against the row.
            self._known_days.clear()
            raise TransientError("The partition of a day was dropped since it was seen", where=where) from error
        except psycopg.Error as error:
            raise classify(error, where=where) from error
