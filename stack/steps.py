"""Runs one of our commands as a child: its progress on the terminal, its JSON result, its time and memory."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import psutil

from contracts.errors import ExitCode, FatalError
from stack.part import CHECKOUT
from stack.programs import MAGE_PYTHON

SAMPLE_SECONDS = 0.05


class Finished(NamedTuple):
    """A command that succeeded: what it printed with `--json`, its seconds, its peak memory in MiB."""

    result: dict[str, Any]
    seconds: float
    peak_mebibytes: float


class ChildFailedError(FatalError):
    """A command failed; it has told why on standard error. Ends with the command's own exit code."""

    def __init__(self, command: Sequence[str], code: int) -> None:
        super().__init__("A step failed; its error stands above", where=" ".join(command))
        known = code in {each.value for each in ExitCode}
        self.exit_code = ExitCode(code) if known else ExitCode.FATAL  # type: ignore[misc]


def run_step(package: str, *arguments: str, environment: Mapping[str, str]) -> Finished:
    """Run `python -m package arguments` to its end; the last line it prints is its result when `--json` is given.

    Raises ChildFailedError.
    """
    python = str(MAGE_PYTHON) if package == "mage_project" else sys.executable
    command = ["-m", package, *arguments]
    started = time.monotonic()
    process = subprocess.Popen(
        [python, *command], cwd=CHECKOUT, env=dict(environment), stdout=subprocess.PIPE, text=True
    )
    with ThreadPoolExecutor(1) as pool:
        peak = pool.submit(_peak_bytes, process)
        printed = process.communicate()[0].strip().splitlines()
    if process.returncode != 0:
        raise ChildFailedError(["python", *command], process.returncode)
    result = json.loads(printed[-1]) if "--json" in arguments else {}
    return Finished(result, time.monotonic() - started, peak.result() / 2**20)


def _peak_bytes(process: subprocess.Popen[str]) -> int:
    """Watch a process until it ends; return the most resident memory seen.

    Sampled, because the kernel's own maximum also counts the parent's memory at the moment of the fork.
    """
    peak = 0
    with contextlib.suppress(psutil.Error):
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            peak = max(peak, watched.memory_info().rss)
            time.sleep(SAMPLE_SECONDS)
    return peak
