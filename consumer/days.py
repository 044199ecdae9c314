"""The days of `raw.trip_event`: made before they are needed, indexed and frozen once they have closed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any, LiteralString, NamedTuple

from psycopg import Connection, sql
from psycopg.errors import LockNotAvailable
from psycopg.rows import class_row

from contracts.sql import load_sql

# What analysts look events up by. On the day that is being written they would cost a third of the landing rate each.
INDEXES: tuple[tuple[str, LiteralString], ...] = (
    ("trip_id", "index_trip_id"),
    ("vehicle_id", "index_vehicle_id"),
    ("service_date", "index_service_date"),
)


class Day(NamedTuple):
    """One UTC day's table: attached, on its way out (detaching), or left outside by a run that ended too early."""

    day: date
    name: str
    attached: bool
    detaching: bool


def read_days(connection: Connection[Any]) -> list[Day]:
    """Return all days, oldest first."""
    with connection.cursor(row_factory=class_row(Day)) as cursor:
        return cursor.execute(load_sql("postgres/maintenance/days")).fetchall()


def missing_days(days: list[Day], today: date, ahead: int) -> list[date]:
    """Return today and those of the `ahead` days to come that have no partition."""
    there = {each.day for each in days if each.attached}
    wanted = (today + timedelta(days=number) for number in range(ahead + 1))
    return [day for day in wanted if day not in there]


def make_day(connection: Connection[Any], day: date) -> None:
    """Make the partition of one day."""
    connection.execute(load_sql("postgres/queries/ensure_day"), {"day": day})


def is_closed(connection: Connection[Any], day: Day) -> bool:
    """Return whether the day has all its indexes."""
    complete = _indexes(connection, day)
    return all(complete.get(f"{day.name}_{suffix}", False) for suffix, _ in INDEXES)


def close_day(connection: Connection[Any], day: Day) -> None:
    """Index, freeze and analyse a day that nobody but a late consumer writes to; nobody waits for it.

    Raises LockNotAvailable when somebody has been busy with it for too long; what is done already counts next time.
    """
    complete = _indexes(connection, day)
    for suffix, definition in INDEXES:
        name = f"{day.name}_{suffix}"
        if complete.get(name):
            continue
        if name in complete:
            connection.execute(statement("drop_index", index=sql.Identifier("raw", name)))
        # An index is made in its table's schema, and its name must not say so.
        connection.execute(statement(definition, index=sql.Identifier(name), day=table(day)))
    connection.execute(statement("close_day", day=table(day)))


def table(day: Day) -> sql.Identifier:
    """Return the day's table for a statement."""
    return sql.Identifier("raw", day.name)


def statement(name: LiteralString, **parts: sql.Composable) -> sql.Composed:
    """Return a statement of `sql/postgres/maintenance` with its tables and indexes put in."""
    return sql.SQL(load_sql(f"postgres/maintenance/{name}")).format(**parts)


@contextmanager
def unless_busy(busy: list[str], day: Day) -> Iterator[None]:
    """Note in `busy` the day that somebody else's lock kept us from; the next run tries again."""
    try:
        yield
    except LockNotAvailable:
        busy.append(day.day.isoformat())


def _indexes(connection: Connection[Any], day: Day) -> dict[str, bool]:
    """Return the day's indexes by name, and whether each is complete."""
    return dict(connection.execute(load_sql("postgres/maintenance/indexes"), {"day": f"raw.{day.name}"}).fetchall())
