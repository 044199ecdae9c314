"""What a contender does in its own process: work, and say how long it took and how much memory it ever had.

Needs the standard library alone, so that it also runs in Mage's environment.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def measure(work: Callable[[], dict[str, Any]]) -> None:
    """Do the work and print what it returned, its seconds, its CPU seconds and this process's peak memory in MiB."""
    started, cpu = time.perf_counter(), time.process_time()
    found = work()
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
    measured = {"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_mebibytes": peak_mebibytes()}
    print(json.dumps({**found, **measured}))


def peak_mebibytes() -> float:
    """Return the most memory that this process ever had resident, by the kernel's own count (VmHWM)."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("The kernel does not tell VmHWM")
