"""Is the load into BigQuery healthy? Only if no landed events wait while no window is completed.

Asked often, so it asks the lake alone, and imports nothing of BigQuery's.
"""

from typing import NamedTuple

import psycopg
from psycopg.rows import class_row

from contracts.errors import TransientError
from contracts.lake import classify, connect
from contracts.settings import LakeSettings
from contracts.sql import load_sql
from warehouse.names import Target


class Progress(NamedTuple):
    """Offsets that stand in no window yet; seconds since a window was completed, None when none ever was."""

    waiting: int
    idle_seconds: float | None


def read_progress(lake: LakeSettings, target: Target) -> Progress:
    """Return how far the load into the target is.

    Raises UnreachableError, ConfigurationError; TransientError, FatalError (no schema yet) from the lake.
    """
    with connect(lake, application="health") as connection, connection.cursor(row_factory=class_row(Progress)) as rows:
        try:
            found = rows.execute(load_sql("postgres/queries/load_progress"), {"target": target.key}).fetchone()
        except psycopg.Error as error:
            raise classify(error, where=f"ledger in Postgres at {lake.address}") from error
    return found or Progress(0, None)


def verify_loads(progress: Progress, *, within_seconds: float, target: Target) -> None:
    """Raise TransientError when offsets wait to be loaded and no window was completed within so many seconds."""
    waiting, idle_seconds = progress
    if waiting == 0 or (idle_seconds is not None and idle_seconds <= within_seconds):
        return
    since = "ever" if idle_seconds is None else f"for {idle_seconds:,.0f} s"
    raise TransientError(
        f"{waiting:,} offsets wait to be loaded, and no window was completed {since}",
        where=f"target {target.key}",
        remedy="Does Mage's schedule run, and do its runs succeed? Its UI says.",
    )
