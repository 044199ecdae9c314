"""Keeps `lake.trip_hour` up to date: each service date that new events speak of is counted again from all its events.

Counting again is what makes it exact: late, repeated and corrected events come to what `lake.trip` makes of them.
"""

from datetime import date
from typing import Any, NamedTuple

from psycopg import Connection
from psycopg.rows import class_row

from contracts.sql import load_sql


class Waiting(NamedTuple):
    """Offsets `[from_offset, to_offset)` of one partition that have landed since the last roll-up."""

    topic: str
    kafka_partition: int
    from_offset: int
    to_offset: int


def read_waiting(connection: Connection[Any]) -> list[Waiting]:
    """Return what has landed since the last roll-up."""
    with connection.cursor(row_factory=class_row(Waiting)) as cursor:
        return cursor.execute(load_sql("postgres/maintenance/roll_up_waiting")).fetchall()


def touched_dates(connection: Connection[Any], waiting: list[Waiting]) -> list[date]:
    """Return the service dates that these events speak of, save those of which events were dropped."""
    dates: set[date] = set()
    for each in waiting:
        found = connection.execute(load_sql("postgres/maintenance/touched_dates"), _values(each))
        dates |= {service_date for (service_date,) in found}
    return sorted(dates)


def count_again(connection: Connection[Any], service_date: date) -> None:
    """Replace one service date's hours."""
    with connection.transaction():
        values = {"service_date": service_date}
        connection.execute(load_sql("postgres/maintenance/forget_hours"), values)
        connection.execute(load_sql("postgres/maintenance/count_hours"), values)


def advance(connection: Connection[Any], waiting: list[Waiting]) -> None:
    """Write down that these events are rolled up. A run that ends before has them counted again by the next."""
    with connection.transaction():
        for each in waiting:
            connection.execute(load_sql("postgres/maintenance/advance_roll_up"), _values(each))


def _values(waiting: Waiting) -> dict[str, object]:
    values = waiting._asdict()
    return {**values, "partition": values.pop("kafka_partition")}
