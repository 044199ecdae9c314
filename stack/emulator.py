"""`emulator.py start …`: the BigQuery emulator without its time travel, and reading each statement once.

After each change it copies the whole table for its time travel, and keeps the copies for days: a window would cost what
stands there already, and fill the disk. Tripline asks for no table as it was (`FOR SYSTEM_TIME AS OF`): its lake keeps
the past. And each of the dozen rules that a statement passes parses its text anew: most of what a small one costs.

It imports nothing of Tripline: in Docker it runs in the emulator's own image.
"""

from functools import lru_cache
from typing import Any

from bqemulator.cli import main
from bqemulator.versioning.snapshots import SnapshotManager
from sqlglot.dialects.dialect import Dialect
from sqlglot.expressions import Expr

# Rules come back to the same few texts while a statement runs.
STATEMENTS_REMEMBERED = 32

_parse = Dialect.parse


def capture_nothing(_manager: SnapshotManager, *_table: str, kind: str = "AUTO") -> None:
    """Stand for `SnapshotManager.capture`, which returns None when there is nothing to copy."""


def parse_once(dialect: Dialect, sql: str, **options: Any) -> list[Expr | None]:
    """Stand for `Dialect.parse`: trees of the caller's own, copied from the last time that somebody asked."""
    if options or dialect.settings:
        return _parse(dialect, sql, **options)
    return [tree.copy() if tree else None for tree in _remembered(type(dialect), sql)]


@lru_cache(STATEMENTS_REMEMBERED)
def _remembered(dialect: type[Dialect], sql: str) -> list[Expr | None]:
    return _parse(dialect(), sql)


if __name__ == "__main__":
    SnapshotManager.capture = capture_nothing  # type: ignore[assignment, method-assign]
    Dialect.parse = parse_once  # type: ignore[assignment, method-assign]
    main()
