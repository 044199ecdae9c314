"""From event time to gold: everything runs as in `make up`, and each window's events are dated when gold shows them."""

import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from psycopg.rows import namedtuple_row

from benchmarks.machine import describe
from benchmarks.report import ROOT, Figures, write
from contracts.errors import FatalError, PartDiedError
from contracts.lake import connect
from contracts.settings import LakeSettings, StackSettings, child_environment, load
from contracts.sql import load_sql
from producer.simulate.demand import HOUR_MILLISECONDS, SHAPE, hour_of_week
from producer.simulate.plan import ZONE
from stack.part import log_tail
from stack.state import StackFolder

IN_GOLD = {"published", "reconciled"}
FIGURES = {
    "events": "events in a window",
    "seconds": "from plan to gold, seconds",
    "p50": "from event time to gold, seconds: half of the events",
    "p95": "95 of 100",
    "p99": "99 of 100",
}
LOOK_SECONDS = 0.5
SETTLING_SECONDS = 120
"""The first windows hold what had to wait for Mage's start."""


class Window(NamedTuple):
    """One load: how many offsets, how long from its plan to gold (seconds), and how old its events were then."""

    load_id: str
    offsets: int
    seconds: float
    published_at: float
    steps: dict[str, float]
    """Seconds from the plan to each state that was seen."""


def measure(rate: float, minutes: float, folder: Path, say: Callable[[str], object], *, publish: bool) -> Path:
    """Run everything at `rate` events a second in this hour, for so many minutes; write the figures."""
    with _everything(rate, folder, say) as lake:
        windows = list(_windows(lake, time.monotonic() + SETTLING_SECONDS, minutes * 60, say))
        rows, samples = [], []
        for window in windows:
            events, (half, most, nearly_all) = _ages(lake, [window.load_id], window.published_at)
            samples.append({**window._asdict(), "events": events, "p50": half, "p95": most, "p99": nearly_all})
            say(f"{events:,} events, {window.seconds:.1f} s from plan to gold, p95 {most:.1f} s")
    if not samples:
        raise FatalError("No window came through", remedy="Is the machine too slow for this rate?")
    seconds = minutes * 60
    for figure, name in FIGURES.items():
        values = sorted(sample[figure] for sample in samples)
        rows.append((name, values[len(values) // 2], values[-1]))
    figures = Figures(
        "freshness",
        f"python -m benchmarks freshness --rate {rate:g} --minutes {minutes:g}",
        (f"{rate:g} events/s for {seconds:g} s, by window", "median window", "worst window"),
        rows,
        1,
        describe(["bqemulator", "psycopg", "pyarrow"]) | {"Mage": "0.9.80", "PostgreSQL": "18"},
    )
    return write(figures, {"windows": samples}, publish=publish, today=date.today())  # noqa: DTZ011 - the day here


@contextmanager
def _everything(rate: float, folder: Path, say: Callable[[str], object]) -> Iterator[LakeSettings]:
    """Run `python -m stack up` meanwhile, its city as large as makes the rate in this hour of the week."""
    hour = hour_of_week(int(time.time() * 1000) // HOUR_MILLISECONDS, ZONE)
    stack = StackSettings(folder=str(folder), mage_port=0, events_per_second=round(rate / SHAPE[hour], 1))
    say(f"Starting everything; the city's mean rate is {stack.events_per_second:g} events/s …")
    with (folder / "up.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "stack", "up"], cwd=ROOT, env=child_environment(stack), stdout=log, stderr=log
        )
        try:
            state = StackFolder(folder)
            while not state.read().ready:
                if process.poll() is not None:
                    raise PartDiedError("The stack ended by itself", remedy=log_tail(folder / "up.log"))
                time.sleep(1)
            yield load(LakeSettings, {}, env_file=state.env_file)
        finally:
            if process.poll() is None:
                os.kill(process.pid, signal.SIGINT)
            process.wait(120)


def _windows(lake: LakeSettings, settled: float, seconds: float, say: Callable[[str], object]) -> Iterator[Window]:
    """Look at the ledger all the time, and yield each window whose events came to gold when all was settled."""
    known: set[str] = set()
    steps: defaultdict[str, dict[str, float]] = defaultdict(dict)
    with connect(lake, application="benchmark", autocommit=True) as connection:
        rows = connection.cursor(row_factory=namedtuple_row)
        while time.monotonic() < settled + seconds:
            found: list[Any] = rows.execute(load_sql("postgres/benchmarks/windows")).fetchall()
            now = time.time()
            for each in found:
                steps[each.load_id].setdefault(each.state, round(now - each.planned_at, 1))
                if each.state not in IN_GOLD or each.load_id in known:
                    continue
                known.add(each.load_id)
                say(f"{each.offsets:,} offsets in gold; seconds after the plan: {steps[each.load_id]}")
                if time.monotonic() > settled:
                    yield Window(each.load_id, each.offsets, now - each.planned_at, now, steps[each.load_id])
            time.sleep(LOOK_SECONDS)


def _ages(lake: LakeSettings, load_ids: list[str], published_at: float) -> tuple[int, list[float]]:
    with connect(lake, application="benchmark") as connection:
        values = {"load_ids": load_ids, "published_at": published_at}
        row = connection.execute(load_sql("postgres/benchmarks/freshness"), values).fetchone()
    assert row is not None, "an aggregate returns one row"  # noqa: S101
    return row[0], [float(value) for value in row[1]]
