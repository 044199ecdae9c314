"""A small window over a large warehouse: all steps, on the BigQuery emulator, at several sizes of what stands there."""

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

from benchmarks import lake
from benchmarks.machine import describe
from benchmarks.report import Figures, write
from benchmarks.rounds import Contender, Sample, run
from contracts.console import progress
from contracts.settings import LakeSettings, WarehouseSettings, with_checkout
from stack.native import NativeStack, native_stack

STEPS = ("plan", "extract", "stage", "merge", "publish", "reconcile")
OLD_DAY, NEW_DAY = "2026-01-01", "2026-06-01"
WINDOW_ROWS = 500_000
"""A window as the pipeline would take it: what is old has come by the same way as what is new."""


def grow(old: int, new: int, folder: Path, say: Callable[[str], object], *, publish: bool) -> Path:
    """Measure windows of `new` events over nothing, half of `old` and `old`; write the figures, return their path."""
    samples: dict[str, Sample] = {}
    with native_stack(folder, parts=("postgres", "bigquery"), say=say) as stack:
        lake.prepare(stack.lake)
        history = lake.messages(OLD_DAY)
        stands = 0
        for number, size in enumerate((0, old // 2, old)):
            while stands < size:
                count = min(WINDOW_ROWS, size - stands)
                _land(stack.lake, history, count)
                stands += count
                say(f"{stands:,} events stand: {_load(stack)['seconds']:.0f} s for {count:,}")
            _land(stack.lake, lake.messages(NEW_DAY, seed=2 + number), new)
            samples[f"{size:,}"] = _load(stack)
    rows = [
        (name, sample["seconds"], *(sample["steps"][step] for step in STEPS), sample["peak_mebibytes"])
        for name, sample in samples.items()
    ]
    figures = Figures(
        "incremental",
        f"python -m benchmarks incremental --old {old} --new {new}",
        (f"{new:,} new events over", "seconds", *STEPS, "peak memory, MiB"),
        rows,
        1,
        describe(["bqemulator", "duckdb", "pyarrow"]),
    )
    return write(figures, samples, publish=publish, today=date.today())  # noqa: DTZ011 - the day here


def _land(settings: LakeSettings, events: lake.Messages, count: int) -> None:
    with progress("fill the lake", count) as bar:
        lake.land(settings, events, count, bar.advance)


def _load(stack: NativeStack) -> Sample:
    environment = with_checkout(stack.environment(WarehouseSettings(window_rows=WINDOW_ROWS)))
    return run(Contender("window", [sys.executable, "-m", "benchmarks.load_window"], environment))
