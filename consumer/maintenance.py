"""The lake's upkeep: days made ahead, closed days indexed, roll-ups, retention. What Mage's blocks call.

Each step connects as the role of maintenance (as the process's own role when that has no password), holds the lock of
maintenance, and may be run at any time, twice, or again after a kill. No step makes landing wait: a lock that is not
had within `TRIPLINE_MAINTENANCE_LOCK_SECONDS` is given up and its work left to the next run. Each returns a small
dictionary for JSON and, with `dry_run`, says what it would do. Every step raises UnreachableError, ConfigurationError,
BusyError, TransientError and FatalError.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import psycopg
import structlog
from psycopg import Connection

from consumer import days, retention, roll_up
from contracts.errors import BusyError
from contracts.lake import classify, connect, locks_let_go
from contracts.settings import LakeSettings, MaintenanceSettings, RolesSettings, load
from contracts.sql import load_sql

Summary = dict[str, Any]
log = structlog.get_logger()


class _Run(NamedTuple):
    """What a step works with, while it holds the lock of maintenance."""

    connection: Connection[Any]
    settings: MaintenanceSettings
    today: date


def make_days(*, dry_run: bool = False) -> Summary:
    """Make the partitions of today and of the days to come."""
    with _run() as run:
        missing = days.missing_days(days.read_days(run.connection), run.today, run.settings.days_ahead)
        for day in missing if not dry_run else ():
            days.make_day(run.connection, day)
            log.info("day_made", day=day.isoformat())
    return {"days_made": [each.isoformat() for each in missing]}


def index_days(*, dry_run: bool = False, advance: Callable[[int], None] = lambda _: None) -> Summary:
    """Index, freeze and analyse the days that have closed; `advance` is told of each."""
    indexed, busy = [], list[str]()
    with _run() as run:
        for day in days.read_days(run.connection):
            if not day.attached or day.detaching or day.day >= run.today or days.is_closed(run.connection, day):
                continue
            with days.unless_busy(busy, day):
                if not dry_run:
                    days.close_day(run.connection, day)
                    log.info("day_indexed", day=day.day.isoformat())
                indexed.append(day.day.isoformat())
            advance(1)
    return {"days_indexed": indexed, "days_busy": busy}


def roll_up_trips(*, dry_run: bool = False, advance: Callable[[int], None] = lambda _: None) -> Summary:
    """Bring the roll-ups up to what has landed; `advance` is told of each service date."""
    with _run() as run:
        waiting = roll_up.read_waiting(run.connection)
        dates = roll_up.touched_dates(run.connection, waiting)
        for each in dates if not dry_run else ():
            roll_up.count_again(run.connection, each)
            advance(1)
        if not dry_run:
            roll_up.advance(run.connection, waiting)
    offsets = sum(each.to_offset - each.from_offset for each in waiting)
    return {"offsets_rolled_up": offsets, "service_dates": len(dates)}


def drop_days(*, dry_run: bool = False) -> Summary:
    """Drop the days and dead letters that are older than they are kept; say why an older day stays."""
    dropped, kept = [], dict[str, str]()
    with _run() as run:
        drop = retention.why_kept if dry_run else retention.drop_day
        for day in retention.expired(days.read_days(run.connection), run.today, run.settings.retention_days):
            # Postgres detaches one at a time.
            why = retention.IN_USE if retention.IN_USE in kept.values() else drop(run.connection, day)
            if why is None:
                dropped.append(day.day.isoformat())
                log.info("day_dropped", day=day.day.isoformat(), dry_run=dry_run)
            else:
                kept[day.day.isoformat()] = why
        before = datetime.combine(run.today - timedelta(days=run.settings.dead_letter_days), datetime.min.time(), UTC)
        letters = retention.delete_dead_letters(run.connection, before, dry_run=dry_run)
    return {"days_dropped": dropped, "days_kept": kept, "dead_letters_deleted": letters}


@contextmanager
def _run() -> Iterator[_Run]:
    settings = load(MaintenanceSettings)
    lake = maintainer(load(LakeSettings), load(RolesSettings))
    where = f"Postgres at {lake.address}"
    with connect(lake, application="maintenance", autocommit=True) as connection, locks_let_go(connection):
        try:
            patience = {"milliseconds": int(settings.lock_seconds * 1000)}
            connection.execute(load_sql("postgres/maintenance/set_lock_timeout"), patience)
            (mine,) = connection.execute(load_sql("postgres/maintenance/try_lock")).fetchone() or (False,)
            if not mine:
                raise BusyError("Another maintenance is still running", where=where, remedy="It goes on by itself.")
            yield _Run(connection, settings, _today())
        except psycopg.Error as error:
            raise classify(error, where=where) from error


def _today() -> date:
    return datetime.now(UTC).date()


def maintainer(lake: LakeSettings, roles: RolesSettings) -> LakeSettings:
    """Return the lake as the role of maintenance reaches it; as it is when that role has no password."""
    if not roles.maintenance_password.get_secret_value():
        return lake
    return lake.model_copy(update={"user": roles.maintenance, "password": roles.maintenance_password})
