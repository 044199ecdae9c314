"""What the stack remembers in its folder: who runs, on which ports, with which passwords.

folder/
├── state.json    the supervisor and the parts: pid, start, address, log
├── ports.json    the ports of the last run, taken again when they are free
├── lock          held by the supervisor while it lives
├── env           settings to reach the stack: `uv run --env-file .tripline/env …` (mode 0600)
├── secrets/      one password a file (mode 0600)
├── logs/         one log a part
└── kafka/ postgres/ bigquery/ mage/    their data
"""

import fcntl
import os
import re
import secrets
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote

import msgspec
from dotenv import dotenv_values
from pydantic import SecretStr

from contracts.errors import BusyError, ConfigurationError
from stack.account import reachable_folder, unprivileged_account
from stack.process import ProcessIdentity, is_alive, members_of

_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=-]*")
_READ_ALIKE = re.compile(r"[^'\\\x00-\x1f]*")


class Recorded(msgspec.Struct, frozen=True):
    """A process of the stack; `started` is seconds since the epoch."""

    name: str
    pid: int
    started: float
    address: str = ""
    log: str = ""
    stop_signal: int = signal.SIGTERM

    @property
    def identity(self) -> ProcessIdentity:
        """What tells it from a later process with the same pid."""
        return ProcessIdentity(self.pid, self.started)


class State(msgspec.Struct, frozen=True):
    """Who supervises the stack, its parts in the order in which they were started, and whether all of them run."""

    supervisor: Recorded | None = None
    parts: tuple[Recorded, ...] = ()
    ready: bool = False


class StackFolder:
    """The folder of one native stack."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.logs = self.path / "logs"
        self.env_file = self.path / "env"

    def make(self) -> None:
        """Make the folder. Others may pass through it, as Postgres' account must, and not list it."""
        self.path.mkdir(mode=0o711, parents=True, exist_ok=True)
        self.logs.mkdir(exist_ok=True)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the stack for this process until the end, however it ends.

        Raises BusyError when another process holds it, or when parts of a dead one still run.
        """
        self.make()
        with (self.path / "lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BusyError(
                    "A stack already runs here",
                    where=str(self.path),
                    remedy="`make status` shows it, `make down` stops it.",
                ) from None
            left = self.living_parts()
            if left:
                raise BusyError(
                    f"Parts of an earlier stack still run: {', '.join(part.name for part in left)}",
                    where=str(self.path),
                    remedy="`make down` stops them.",
                )
            yield

    def read(self) -> State:
        """Return what is recorded; an empty state when nothing is."""
        try:
            return msgspec.json.decode((self.path / "state.json").read_bytes(), type=State)
        except (FileNotFoundError, msgspec.DecodeError):
            return State()

    def write(self, state: State) -> None:
        """Record the state."""
        self._replace("state.json", msgspec.json.encode(state))

    def living_parts(self) -> list[Recorded]:
        """Return the recorded parts of which any process still runs."""
        return [part for part in self.read().parts if members_of(part.identity)]

    def supervisor(self) -> Recorded | None:
        """Return the supervisor when it lives."""
        recorded = self.read().supervisor
        return recorded if recorded and is_alive(recorded.identity) else None

    def ports(self) -> dict[str, int]:
        """Return the ports of the last run by name."""
        try:
            return msgspec.json.decode((self.path / "ports.json").read_bytes(), type=dict[str, int])
        except (FileNotFoundError, msgspec.DecodeError):
            return {}

    def remember_ports(self, ports: dict[str, int]) -> None:
        """Keep the ports for the next run."""
        self._replace("ports.json", msgspec.json.encode(ports))

    def secret_file(self, name: str) -> Path:
        """Return where a password of this stack stands."""
        return self.path / "secrets" / name

    def secret(self, name: str) -> SecretStr:
        """Return a password of this stack, made up on first use."""
        file = self.secret_file(name)
        file.parent.mkdir(mode=0o700, exist_ok=True)
        if not file.exists():
            self._replace(f"secrets/{name}", secrets.token_urlsafe(32).encode())
        return SecretStr(file.read_text(encoding="utf-8"))

    def write_environment(self, values: dict[str, str]) -> None:
        """Write the settings that reach the stack, as KEY=VALUE lines that only this user can read.

        Raises ConfigurationError for a value that not every reader of such files (a shell, uv, python-dotenv) reads
        alike.
        """
        for name, value in values.items():
            if not _READ_ALIKE.fullmatch(value):
                raise ConfigurationError("A setting may not hold a quote, a backslash or a line's end", where=name)
        lines = (f"{name}={value if _PLAIN.fullmatch(value) else quote(value)}\n" for name, value in values.items())
        self._replace("env", "".join(lines).encode())

    def environment(self) -> dict[str, str]:
        """Return the settings that reach the stack; none when it has never run."""
        return {name: value or "" for name, value in dotenv_values(self.env_file, interpolate=False).items()}

    def wipe(self) -> None:
        """Delete the folder, and Postgres' stand-in for it when there is one."""
        stand_in = reachable_folder(self.path / "postgres", unprivileged_account())
        for folder in (stand_in, self.path):
            if folder.exists():
                shutil.rmtree(folder)

    def _replace(self, name: str, content: bytes) -> None:
        """Write a file whole or not at all, mode 0600."""
        target = self.path / name
        handle, unfinished = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(unfinished).replace(target)
