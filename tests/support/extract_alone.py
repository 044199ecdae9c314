"""Extract what has landed, as one window and alone in a process: `python -m tests.support.extract_alone OFFSETS`.

OFFSETS bounds the window. Prints what `benchmarks.measured` prints: the peak of the process' memory among it.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measured import measure
from contracts.lake import connect
from contracts.settings import LakeSettings, load
from warehouse.extract import Files, extract
from warehouse.lake import read_committed
from warehouse.window import next_window


def one_window() -> dict[str, Any]:
    """Return how many events a window of so many offsets holds."""
    with connect(load(LakeSettings), application="test") as connection, tempfile.TemporaryDirectory() as folder:
        committed, lowest = read_committed(connection)
        ranges = next_window(committed, {}, lowest, int(sys.argv[1]))
        files = Files(Path(folder) / "accepted.parquet", Path(folder) / "rejected.parquet")
        return extract(connection, ranges, files, lambda _rows: None)._asdict()


if __name__ == "__main__":
    measure(one_window)
