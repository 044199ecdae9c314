"""A day leaves the lake when it is old and nobody needs it any more; a day that somebody needs says who.

Nobody waits for it: the day is detached beside readers and writers, and what has landed in it meanwhile is looked at
once more before its table is dropped.
"""

from datetime import date, datetime, timedelta
from typing import Any

from psycopg import Connection, sql
from psycopg.errors import LockNotAvailable

from consumer.days import Day, statement, table
from contracts.sql import load_sql

IN_USE = "somebody has been reading it for longer than maintenance waits; the next run drops it"


def why_kept(connection: Connection[Any], day: Day) -> str | None:
    """Return who still needs the day's events; None when all of them are rolled up and in every warehouse."""
    needed = connection.execute(statement("not_rolled_up", day=table(day))).fetchone()
    if needed:
        topic, partition, highest = needed
        return f"not rolled up to offset {highest} of {topic}[{partition}]"
    (warehouses,) = connection.execute(load_sql("postgres/maintenance/warehouses")).fetchone() or (0,)
    if not warehouses:
        return "no warehouse has loaded anything"
    needed = connection.execute(statement("not_reconciled", day=table(day))).fetchone()
    if needed:
        target, topic, partition, lowest, highest = needed
        return f"{target} has not reconciled all offsets from {lowest} to {highest} of {topic}[{partition}]"
    return None


def drop_day(connection: Connection[Any], day: Day) -> str | None:
    """Detach the day and drop its table; return why it stays when somebody needs it or is reading it."""
    if day.attached and (reason := why_kept(connection, day)):
        return reason
    try:
        _detach(connection, day)
        # Nobody can land in it any more, so this answer is final.
        if reason := why_kept(connection, day):
            connection.execute(statement("attach", day=table(day), **_bounds(day.day)))
            return reason
        with connection.transaction():
            connection.execute(statement("close_service_dates", day=table(day)))
            connection.execute(statement("drop", day=table(day)))
    except LockNotAvailable:
        return IN_USE
    return None


def expired(days: list[Day], today: date, retention_days: int) -> list[Day]:
    """Return the days that an earlier run had begun to drop, then those that are older than they are kept."""
    first_kept = today - timedelta(days=retention_days)
    begun = [each for each in days if each.detaching or not each.attached]
    return begun + [each for each in days if each.day < first_kept and each not in begun]


def delete_dead_letters(connection: Connection[Any], before: datetime, *, dry_run: bool) -> int:
    """Delete the dead letters that arrived before, with what was done about them; return how many there are."""
    if dry_run:
        counted = connection.execute(load_sql("postgres/maintenance/count_dead_letters"), {"before": before})
        (count,) = counted.fetchone() or (0,)
        return int(count)
    return connection.execute(load_sql("postgres/maintenance/delete_dead_letters"), {"before": before}).rowcount


def _detach(connection: Connection[Any], day: Day) -> None:
    if day.detaching:
        connection.execute(statement("finalize", day=table(day)))
    elif day.attached:
        connection.execute(statement("detach", day=table(day)))


def _bounds(day: date) -> dict[str, sql.Composable]:
    first, last = (f"{each.isoformat()} 00:00:00+00" for each in (day, day + timedelta(days=1)))
    return {"first": sql.Literal(first), "last": sql.Literal(last)}
