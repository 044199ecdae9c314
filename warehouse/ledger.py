"""The ledger in Postgres (`control.load`): which windows there are, how far each is, and what was counted."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, NamedTuple

import psycopg
from psycopg.errors import LockNotAvailable
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Double,
    Integer,
    MetaData,
    RowMapping,
    Table,
    Text,
    create_engine,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from contracts.errors import BusyError, FatalError
from contracts.lake import classify, connect
from contracts.settings import LakeSettings
from warehouse.day_ledger import DayLedger
from warehouse.names import Target
from warehouse.window import Partition, Range, load_id

LOCK_WAIT_SECONDS = 60.0


class State(StrEnum):
    """The last complete step of a window, in order."""

    PLANNED = "planned"
    EXTRACTED = "extracted"
    STAGED = "staged"
    MERGED = "merged"
    PUBLISHED = "published"
    RECONCILED = "reconciled"

    def reached(self, state: "State") -> bool:
        """Whether this is `state` or later."""
        order = list(State)
        return order.index(self) >= order.index(state)


class Load(NamedTuple):
    """One window in the ledger. Counts are None until their step has recorded them."""

    load_id: str
    state: State
    offsets: int
    ranges: tuple[Range, ...]
    landed: int | None
    accepted: int | None
    rejected: int | None
    fare_minor_units: int | None
    duplicate_equal: int | None
    duplicate_different: int | None
    trips: int | None
    staged_bytes: int | None = None


_metadata = MetaData(schema="control")
_load = Table(
    "load",
    _metadata,
    Column("load_id", Text, primary_key=True),
    Column("sequence", BigInteger),
    Column("target", Text),
    Column("state", Text),
    Column("changed_at"),
    Column("offsets", BigInteger),
    Column("landed", BigInteger),
    Column("accepted", BigInteger),
    Column("rejected", BigInteger),
    Column("fare_minor_units", BigInteger),
    Column("duplicate_equal", BigInteger),
    Column("duplicate_different", BigInteger),
    Column("staging_job", Text),
    Column("trips", BigInteger),
    Column("staged_bytes", BigInteger),
    Column("extract_seconds", Double),
    Column("stage_seconds", Double),
    Column("merge_seconds", Double),
    Column("publish_seconds", Double),
    Column("reconcile_seconds", Double),
)
_range = Table(
    "load_range",
    _metadata,
    Column("load_id", Text, primary_key=True),
    Column("target", Text),
    Column("topic", Text, primary_key=True),
    Column("kafka_partition", Integer, primary_key=True),
    Column("from_offset", BigInteger),
    Column("to_offset", BigInteger),
)
_reconciliation = Table(
    "reconciliation",
    _metadata,
    Column("load_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("source", Text),
    Column("source_value", BigInteger),
    Column("target", Text),
    Column("target_value", BigInteger),
    Column("checked_at"),
)
_schema = Table(
    "warehouse_schema",
    _metadata,
    Column("target", Text, primary_key=True),
    Column("checksum", Text),
    Column("prepared_at"),
)


class Ledger:
    """The ledger of one target, on one connection; each method is one short transaction."""

    def __init__(self, connection: Connection, target: Target) -> None:
        self.connection = self._connection = connection
        self._target = target.key
        self.days = DayLedger(connection, target.key)

    def loaded(self) -> dict[Partition, int]:
        """Return where the newest window of each partition ended."""
        query = (
            select(_range.c.topic, _range.c.kafka_partition, func.max(_range.c.to_offset))
            .where(_range.c.target == self._target)
            .group_by(_range.c.topic, _range.c.kafka_partition)
        )
        with self._connection.begin():
            return {Partition(topic, number): end for topic, number, end in self._connection.execute(query)}

    def unfinished(self) -> Load | None:
        """Return the window that is not reconciled yet; the database allows one at the most."""
        with self._connection.begin():
            found = self._connection.scalar(
                select(_load.c.load_id).where(_load.c.target == self._target, _load.c.state != State.RECONCILED)
            )
        return None if found is None else self.get(found)

    def get(self, load_id: str) -> Load:
        """Return one window. Raises FatalError when this target has none of that id."""
        ranges = select(_range.c.topic, _range.c.kafka_partition, _range.c.from_offset, _range.c.to_offset)
        of_load = select(_load).where(_load.c.load_id == load_id, _load.c.target == self._target)
        with self._connection.begin():
            row = self._connection.execute(of_load).mappings().one_or_none()
            found = self._connection.execute(
                ranges.where(_range.c.load_id == load_id).order_by(_range.c.topic, _range.c.kafka_partition)
            ).all()
        if row is None:
            raise FatalError(
                "The ledger has no such window",
                where=f"load {load_id} into {self._target}",
                remedy="`python -m warehouse status` lists the newest.",
            )
        return _as_load(row, [Range(*each) for each in found])

    def newest(self, count: int) -> list[Load]:
        """Return the windows planned last, newest first."""
        query = select(_load.c.load_id).where(_load.c.target == self._target)
        with self._connection.begin():
            found = self._connection.scalars(query.order_by(_load.c.sequence.desc()).limit(count)).all()
        return [self.get(each) for each in found]

    def windows(self) -> list[Load]:
        """Return all windows in the order in which they were planned."""
        of_target = select(_load).where(_load.c.target == self._target).order_by(_load.c.sequence)
        with self._connection.begin():
            rows = self._connection.execute(of_target).mappings().all()
            found = self._connection.execute(
                select(_range).where(_range.c.target == self._target).order_by(_range.c.topic, _range.c.kafka_partition)
            ).all()
        ranges: dict[str, list[Range]] = defaultdict(list)
        for each in found:
            ranges[each.load_id].append(Range(each.topic, each.kafka_partition, each.from_offset, each.to_offset))
        return [_as_load(row, ranges[row["load_id"]]) for row in rows]

    def totals(self) -> dict[str, int]:
        """Return the sums over all windows: landed, accepted, rejected, duplicate_equal, duplicate_different, …"""
        names = (
            "offsets",
            "landed",
            "accepted",
            "rejected",
            "fare_minor_units",
            "duplicate_equal",
            "duplicate_different",
        )
        sums = [func.coalesce(func.sum(_load.c[name]), 0).label(name) for name in names]
        with self._connection.begin():
            row = self._connection.execute(select(*sums).where(_load.c.target == self._target)).mappings().one()
        return {name: int(row[name]) for name in names}

    def add(self, ranges: Sequence[Range]) -> Load:
        """Write down a new window; its id follows from its ranges."""
        identifier = load_id(self._target, ranges)
        with self._connection.begin():
            self._connection.execute(
                insert(_load).values(
                    load_id=identifier, target=self._target, offsets=sum(each.offsets for each in ranges)
                )
            )
            self._connection.execute(
                insert(_range),
                [{"load_id": identifier, "target": self._target, **each._asdict()} for each in ranges],
            )
        return self.get(identifier)

    def record(self, load_id: str, state: State | None = None, **counts: float | str) -> None:
        """Write down what a step counted and, with `state`, that it is complete."""
        values: dict[str, Any] = {**counts, "changed_at": func.now()}
        if state is not None:
            values["state"] = state
        with self._connection.begin():
            self._connection.execute(update(_load).where(_load.c.load_id == load_id).values(values))

    def record_reconciliation(self, load_id: str, checks: Sequence[dict[str, str | int]]) -> None:
        """Write down what the reconciliation of a window found, over what an earlier attempt found."""
        statement = upsert(_reconciliation)
        statement = statement.on_conflict_do_update(
            index_elements=[_reconciliation.c.load_id, _reconciliation.c.name],
            set_={
                "source": statement.excluded.source,
                "source_value": statement.excluded.source_value,
                "target": statement.excluded.target,
                "target_value": statement.excluded.target_value,
                "checked_at": func.now(),
            },
        )
        with self._connection.begin():
            self._connection.execute(statement, [{"load_id": load_id, **check} for check in checks])

    def take_over(self, other: Target) -> None:
        """Make the windows of another target this one's, in place of its own: its tables have been copied here."""
        with self._connection.begin():
            self._forget()
            for table in (_range, _load):
                self._connection.execute(update(table).where(table.c.target == other.key).values(target=self._target))
            self._connection.execute(delete(_schema).where(_schema.c.target == other.key))

    def forget(self) -> None:
        """Forget all windows, and that there are tables: they are gone."""
        with self._connection.begin():
            self._forget()
            self._connection.execute(delete(_schema).where(_schema.c.target == self._target))

    def _forget(self) -> None:
        ours = select(_load.c.load_id).where(_load.c.target == self._target)
        for table in (_reconciliation, _range, _load):
            self._connection.execute(delete(table).where(table.c.load_id.in_(ours)))

    def schema_checksum(self) -> str | None:
        """Return the checksum of the DDL that the target was last prepared with."""
        with self._connection.begin():
            return self._connection.scalar(select(_schema.c.checksum).where(_schema.c.target == self._target))

    def record_schema(self, checksum: str) -> None:
        """Write down that the target was prepared."""
        statement = upsert(_schema).values(target=self._target, checksum=checksum)
        with self._connection.begin():
            self._connection.execute(
                statement.on_conflict_do_update(
                    index_elements=[_schema.c.target], set_={"checksum": checksum, "prepared_at": func.now()}
                )
            )


def _as_load(row: RowMapping, ranges: Iterable[Range]) -> Load:
    values = {name: row[name] for name in Load._fields if name in row}
    return Load(**{**values, "state": State(row["state"]), "ranges": tuple(ranges)})


@contextmanager
def open_ledger(lake: LakeSettings, target: Target) -> Iterator[Ledger]:
    """Open the ledger for reading, beside whoever is working.

    Raises UnreachableError, ConfigurationError; FatalError when its tables are missing.
    """
    with _connection(lake) as connection:
        yield Ledger(connection, target)


@contextmanager
def hold_ledger(lake: LakeSettings, target: Target, *, wait_seconds: float = LOCK_WAIT_SECONDS) -> Iterator[Ledger]:
    """Open the ledger and hold the target's lock: whoever else wants it stands in a queue, at most `wait_seconds`.

    The lock is the session's: it ends with the process, however that ends, and a step whose lock is gone can no
    longer write to the ledger, which is on the same session. Raises BusyError, and what `open_ledger` raises.
    """
    with _connection(lake) as connection:
        if not _lock(connection, target, wait_seconds):
            raise BusyError(
                "Another run is loading this warehouse",
                where=f"target {target.key}",
                remedy="It goes on by itself; try again when it is done.",
            )
        yield Ledger(connection, target)


def _lock(connection: Connection, target: Target, wait_seconds: float) -> bool:
    """Take the target's lock; False when others kept it for that long.

    Postgres serves its queue in order, so that two runs take turns: one that asked now and then would hardly ever
    ask in the moment between two steps of the other.
    """
    key = func.hashtextextended(f"tripline warehouse {target.key}", 0)
    try:
        with connection.begin():
            connection.execute(select(func.set_config("lock_timeout", f"{max(1, round(wait_seconds * 1000))}ms", True)))
            connection.execute(select(func.pg_advisory_lock(key)))
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            return False
        raise
    return True


@contextmanager
def _connection(lake: LakeSettings) -> Iterator[Connection]:
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: connect(lake, application="warehouse"), poolclass=NullPool
    )
    try:
        with engine.connect() as connection:
            yield connection
    except DBAPIError as error:
        if isinstance(error.orig, psycopg.Error):
            raise classify(error.orig, where=f"ledger in Postgres at {lake.address}") from error
        raise
    finally:
        engine.dispose()
