"""A consumer or producer of the soak: started, killed, stopped and woken by plan; watched in between."""

import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.support.commands import ROOT

PATIENCE_SECONDS = 180


@dataclass
class Member:
    """One place in the fleet; processes come and go in it, each with a log and an output of its own."""

    name: str
    folder: Path
    is_held_down: bool = False
    """A fault keeps it away: nobody is to start it."""
    starts: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def output(self) -> Path:
        """What the process that was started last printed."""
        return self.folder / f"{self.name}-{self.starts}.out"

    @property
    def log(self) -> Path:
        """What it logged."""
        return self.folder / f"{self.name}-{self.starts}.log"

    def start(self, environment: Mapping[str, str], *command: str) -> None:
        """Start `python -m …` in this place."""
        self.starts += 1
        with self.output.open("wb") as output, self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *command], cwd=ROOT, env=dict(environment), stdout=output, stderr=log
            )

    def exit_code(self) -> int | None:
        """Return how the process ended; None while it runs."""
        return self._running.poll()

    def kill(self) -> bool:
        """Kill it with SIGKILL; return whether it was that which ended it."""
        self._running.kill()
        return self._running.wait() == -signal.SIGKILL

    def stop(self) -> bool:
        """Stop it with SIGSTOP; return whether it stands still."""
        self._running.send_signal(signal.SIGSTOP)
        deadline = time.monotonic() + 1
        while self._running.poll() is None and time.monotonic() < deadline:
            if psutil.Process(self._running.pid).status() == psutil.STATUS_STOPPED:
                return True
            time.sleep(0.01)
        return False

    def wake(self) -> None:
        """Let it go on."""
        self._running.send_signal(signal.SIGCONT)

    def terminate(self) -> int:
        """Ask it to end; return its exit code."""
        self._running.terminate()
        return self._running.wait(PATIENCE_SECONDS)

    def discard(self) -> None:
        """Leave nothing of it running."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process
