"""A part of the stack: a program with a log and a health check, started in a session of its own."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from contracts.errors import PartDiedError
from stack.account import Account
from stack.process import ProcessIdentity, kill_tree, stop_tree

CHECKOUT = Path(__file__).resolve().parent.parent
LOG_LIMIT_BYTES = 10 * 2**20
TAIL_LINES = 20


@dataclass(frozen=True, kw_only=True)
class Part:
    """What to run, where it writes its log, and when it counts as healthy."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    log: Path
    healthy: Callable[[], bool]
    address: str = ""
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    patience_seconds: float = 15
    """How long it may take to end by itself."""
    health_seconds: float = 90
    """How long it may take to become healthy."""


class RunningPart:
    """A started part. It runs until `stop` or `kill`, or until it dies by itself, which `check` reports."""

    def __init__(self, part: Part) -> None:
        """Start the program; raises PartDiedError when it cannot be started at all."""
        self.part = part
        part.log.parent.mkdir(parents=True, exist_ok=True)
        if part.log.exists() and part.log.stat().st_size > LOG_LIMIT_BYTES:
            part.log.replace(part.log.with_suffix(".old.log"))
        account = part.account
        with part.log.open("ab") as log:
            try:
                self._process = subprocess.Popen(
                    list(part.command),
                    cwd=part.folder,
                    env=dict(part.environment),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    user=account.uid if account else None,
                    group=account.gid if account else None,
                    extra_groups=[] if account else None,
                )
            except OSError as error:
                raise PartDiedError(
                    f"{part.name} could not be started: {error.strerror}", where=str(part.command[0])
                ) from error
        self.identity = ProcessIdentity.of(self._process.pid)

    @property
    def pid(self) -> int:
        """The process id of the program's leader."""
        return self._process.pid

    def has_died(self) -> bool:
        """Say whether the program ended."""
        return self._process.poll() is not None

    def check(self) -> None:
        """Raise PartDiedError, with the tail of its log, when the program has ended."""
        code = self._process.poll()
        if code is not None:
            how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended by itself with exit code {code}"
            raise PartDiedError(f"{self.part.name} {how}", where=str(self.part.log), remedy=log_tail(self.part.log))

    def wait_until_healthy(self) -> None:
        """Return once the health check passes.

        Raises PartDiedError, with the tail of its log, when the program ends before or takes too long.
        """
        deadline = time.monotonic() + self.part.health_seconds
        while not self.part.healthy():
            self.check()
            if time.monotonic() > deadline:
                raise PartDiedError(
                    f"{self.part.name} was not healthy within {self.part.health_seconds:g} s",
                    where=str(self.part.log),
                    remedy=log_tail(self.part.log),
                )
            time.sleep(0.1)

    def stop(self) -> None:
        """Ask the program to end, then end it and everything it started. May be called twice."""
        stop_tree(self.identity, first=self.part.stop_signal, patience=self.part.patience_seconds)
        self._reap()

    def kill(self) -> None:
        """Kill the program and everything it started, as a crash would."""
        kill_tree(self.identity)
        self._reap()

    def _reap(self) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=30)


def log_tail(log: Path, lines: int = TAIL_LINES) -> str:
    """Return the last lines of a log as text for an error, indented, each cut at 300 characters."""
    try:
        with log.open("rb") as file:
            file.seek(max(log.stat().st_size - 64 * 1024, 0))
            last = file.read().decode("utf-8", "replace").splitlines()[-lines:]
    except OSError:
        last = []
    if not last:
        return "Its log is empty."
    return "Its log ends:\n" + "\n".join(f"  | {line[:300]}" for line in last)
