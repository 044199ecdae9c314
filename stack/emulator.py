"""`python -m stack.emulator`: the BigQuery emulator without its time travel.

After each change it copies the whole table for it, and keeps the copies for days: a window would cost what stands there
already, and fill the disk. Tripline asks for no table as it was (`FOR SYSTEM_TIME AS OF`): its lake keeps the past.
"""

from bqemulator.cli import main
from bqemulator.versioning.snapshots import SnapshotManager


def capture_nothing(_manager: SnapshotManager, *_table: str, kind: str = "AUTO") -> None:
    """Stand for `SnapshotManager.capture`, which returns None when there is nothing to copy."""


if __name__ == "__main__":
    SnapshotManager.capture = capture_nothing  # type: ignore[assignment, method-assign]
    main()
