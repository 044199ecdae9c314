"""Operating-system processes by identity, and how to end all that one of them started.

A pid alone is not an identity: it is used again. A pid and the second it started is.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from typing import NamedTuple

import psutil

_SAME_START_SECONDS = 2.0
_POLL_SECONDS = 0.05
# Far more than the kernel needs, even for a large process on a busy machine.
_DYING_SECONDS = 30.0


class ProcessIdentity(NamedTuple):
    """A process that was started as the leader of its own session; `started` is seconds since the epoch."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> "ProcessIdentity":
        """Return the identity of a living process. Raises psutil.NoSuchProcess."""
        return cls(pid, psutil.Process(pid).create_time())


def is_alive(identity: ProcessIdentity) -> bool:
    """Say whether this very process still runs; a zombie and a recycled pid do not count."""
    process = _find(identity)
    return process is not None and _runs(process)


def stop_tree(identity: ProcessIdentity, *, first: signal.Signals = signal.SIGTERM, patience: float = 15) -> None:
    """End a process and everything it started, even when it is already gone itself.

    It gets the signal `first` and `patience` seconds; what is left then gets SIGTERM, and SIGKILL two seconds later.
    Some leave orphans when they are asked to end (Mage's scheduler), some put their children into sessions of their
    own (Postgres): so both the session and the descendants are ended.
    """
    members = _members(identity)
    leader = _find(identity)
    if leader is not None:
        _signal([leader], first)
        _wait([leader], patience)
    members = _union(members, _members(identity))
    _signal(members, signal.SIGTERM)
    _signal(_wait(members, 2), signal.SIGKILL)
    _wait(members, _DYING_SECONDS)


def kill_tree(identity: ProcessIdentity) -> None:
    """Kill a process and everything it started with SIGKILL, as a crash would."""
    members = _members(identity)
    _signal(members, signal.SIGKILL)
    _wait(members, _DYING_SECONDS)


def resident_bytes(identity: ProcessIdentity) -> int:
    """Return the resident memory of a process and everything it started, in bytes."""
    total = 0
    for member in _members(identity):
        with contextlib.suppress(psutil.Error):
            total += member.memory_info().rss
    return total


def members_of(identity: ProcessIdentity) -> list[psutil.Process]:
    """Return the living processes of the session and tree that this process leads or led."""
    return [member for member in _members(identity) if _runs(member)]


def _members(identity: ProcessIdentity) -> list[psutil.Process]:
    leader = _find(identity)
    if leader is None and psutil.pid_exists(identity.pid):
        return []  # The pid is somebody else's now, which the kernel allows only once the old session is empty.
    found = [] if leader is None else [leader]
    if leader is not None:
        with contextlib.suppress(psutil.Error):
            found += leader.children(recursive=True)
    session: list[psutil.Process] = []
    for pid in psutil.pids():
        with contextlib.suppress(OSError, psutil.Error):
            if os.getsid(pid) == identity.pid:
                session.append(psutil.Process(pid))
    return _union(found, session)


def _find(identity: ProcessIdentity) -> psutil.Process | None:
    try:
        process = psutil.Process(identity.pid)
        same = abs(process.create_time() - identity.started) < _SAME_START_SECONDS
    except psutil.Error:
        return None
    return process if same else None


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _union(*groups: Iterable[psutil.Process]) -> list[psutil.Process]:
    return list({process.pid: process for group in groups for process in group}.values())


def _signal(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)


def _wait(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Return those that still run after at most `seconds`."""
    deadline = time.monotonic() + seconds
    while (left := [process for process in processes if _runs(process)]) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return left
