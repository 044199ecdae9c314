"""Contender: the whole lake to typed Parquet by Tripline's extraction."""

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measured import measure
from contracts.lake import connect
from contracts.settings import LakeSettings, load
from warehouse.extract import Files, extract
from warehouse.lake import read_committed
from warehouse.window import next_window


def whole_lake() -> dict[str, Any]:
    """Extract everything that has landed as one window; return its rows and the bytes of its files."""
    with (
        connect(load(LakeSettings), application="benchmark") as connection,
        tempfile.TemporaryDirectory() as folder,
    ):
        committed, lowest = read_committed(connection)
        ranges = next_window(committed, {}, lowest, sum(committed.values()))
        files = Files(Path(folder) / "accepted.parquet", Path(folder) / "rejected.parquet")
        found = extract(connection, ranges, files, lambda _rows: None)
        return {"rows": found.accepted, "bytes": files.accepted.stat().st_size}


if __name__ == "__main__":
    measure(whole_lake)
