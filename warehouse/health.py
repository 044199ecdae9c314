"""Is the load into BigQuery healthy? Only if no landed events wait while no window is completed."""

from psycopg import Connection
from psycopg.rows import TupleRow

from contracts.errors import TransientError
from contracts.lake import connect
from contracts.settings import LakeSettings
from contracts.sql import load_sql
from warehouse.ledger import open_ledger
from warehouse.names import Target
from warehouse.reconciliation import check_backlog


def loads_waiting(lake: LakeSettings, target: Target, *, within_seconds: float) -> int:
    """Return how many offsets wait to be loaded.

    Raises TransientError when they wait in vain; UnreachableError, ConfigurationError, FatalError from the lake.
    """
    with open_ledger(lake, target) as ledger, connect(lake, application="health") as connection:
        (backlog,) = check_backlog(connection, ledger)
        idle_seconds = read_idle_seconds(connection, target)
    waiting = -backlog.difference
    verify_loads(waiting, idle_seconds, within_seconds=within_seconds, target=target)
    return waiting


def read_idle_seconds(lake: Connection[TupleRow], target: Target) -> float | None:
    """Return how long ago a window was completed for the last time; None when none was."""
    row = lake.execute(load_sql("postgres/queries/load_progress"), {"target": target.key}).fetchone()
    return None if row is None else row[0]


def verify_loads(waiting: int, idle_seconds: float | None, *, within_seconds: float, target: Target) -> None:
    """Raise TransientError when offsets wait to be loaded and no window was completed within so many seconds."""
    if waiting == 0 or (idle_seconds is not None and idle_seconds <= within_seconds):
        return
    since = "ever" if idle_seconds is None else f"for {idle_seconds:,.0f} s"
    raise TransientError(
        f"{waiting:,} offsets wait to be loaded, and no window was completed {since}",
        where=f"target {target.key}",
        remedy="Does Mage's schedule run, and do its runs succeed? Its UI says.",
    )
