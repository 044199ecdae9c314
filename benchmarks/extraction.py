"""Lake to typed Parquet: Tripline's extraction against Mage's own way, on the same lake."""

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

from benchmarks import lake
from benchmarks.machine import describe
from benchmarks.report import Figures, draw_bars, write
from benchmarks.rounds import Contender, median, take_turns
from contracts.console import progress
from contracts.settings import with_checkout
from stack.native import native_stack
from stack.programs import MAGE_PYTHON

MAGE, TRIPLINE = "Mage: pandas frame over psycopg2", "Tripline: judged by the contract"


def compare(events: int, rounds: int, folder: Path, say: Callable[[str], object], *, publish: bool) -> Path:
    """Fill a lake in `folder` with `events`, measure both ways on it, and write the figures; return their path."""
    with native_stack(folder, parts=("postgres",), say=say) as stack:
        lake.prepare(stack.lake)
        with progress("fill the lake", events) as bar:
            lake.land(stack.lake, lake.messages("2026-01-01"), events, bar.advance)
        environment = with_checkout(stack.environment())
        samples = take_turns(
            [
                Contender(MAGE, [str(MAGE_PYTHON), "-m", "benchmarks.extract_with_mage"], environment),
                Contender(TRIPLINE, [sys.executable, "-m", "benchmarks.extract_with_tripline"], environment),
            ],
            rounds,
            say,
        )
    rows = []
    for name, runs in samples.items():
        seconds = median(runs, "seconds")
        rows.append((name, seconds, events / seconds, median(runs, "cpu_seconds"), median(runs, "peak_mebibytes")))
    figures = Figures(
        "extraction",
        f"python -m benchmarks extraction --events {events} --rounds {rounds}",
        (f"{events:,} events", "seconds", "events/s", "CPU seconds", "peak memory, MiB"),
        rows,
        rounds,
        describe(["psycopg", "pyarrow", "msgspec"]) | {"PostgreSQL": "18", "Mage": "0.9.80"},
    )
    if publish:
        draw_bars("extraction_rate", "Lake to typed Parquet", [(row[0], row[2]) for row in rows], "events/s")
        draw_bars("extraction_memory", "Peak memory", [(row[0], row[4]) for row in rows], "MiB")
    return write(figures, samples, publish=publish, today=date.today())  # noqa: DTZ011 - the day here
