"""Contender: one window from the lake to gold, all steps, as `python -m warehouse run` does them."""

import time
from typing import Any

from benchmarks.measured import measure
from warehouse import steps


def one_window() -> dict[str, Any]:
    """Load the next window; return its events and how many seconds each step took."""
    seconds: dict[str, float] = {}
    started = time.perf_counter()
    window = steps.plan()
    seconds["plan"] = time.perf_counter() - started
    for step in (steps.extract, steps.stage, steps.merge, steps.publish, steps.reconcile):
        started = time.perf_counter()
        window = step(window["load_id"])
        seconds[step.__name__] = time.perf_counter() - started
    return {"rows": window["accepted"], "steps": seconds}


if __name__ == "__main__":
    measure(one_window)
