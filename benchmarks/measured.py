"""What a contender does in its own process: work, and say how long it took and how much memory it ever had.

Needs the standard library alone, so that it also runs in Mage's environment.
"""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

POLL_SECONDS = 0.1


def measure(work: Callable[[], dict[str, Any]]) -> None:
    """Do the work and print what it returned, its seconds, its CPU seconds and its peak memory in MiB.

    What it starts counts: CPU seconds and the peaks of all processes are added up.
    """
    peaks: dict[str, float] = {}
    done = Event()
    watch = Thread(target=_watch_children, args=(peaks, done))
    watch.start()
    started, cpu = time.perf_counter(), _cpu_seconds()
    found = work()
    seconds, cpu_seconds = time.perf_counter() - started, _cpu_seconds() - cpu
    done.set()
    watch.join()
    peak = peak_mebibytes() + sum(peaks.values())
    print(json.dumps({**found, "seconds": seconds, "cpu_seconds": cpu_seconds, "peak_mebibytes": peak}))


def peak_mebibytes(process: str = "self") -> float:
    """Return the most memory that a process ever had resident, by the kernel's own count (VmHWM)."""
    for line in Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("The kernel does not tell VmHWM")


def _watch_children(peaks: dict[str, float], done: Event) -> None:
    """Keep the newest peak of each process that any thread of ours has started; a peak never falls."""
    while not done.wait(POLL_SECONDS):
        for children in Path("/proc/self/task").glob("*/children"):
            try:
                peaks |= {child: peak_mebibytes(child) for child in children.read_text(encoding="ascii").split()}
            except (OSError, RuntimeError):
                continue  # It has just ended.


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
