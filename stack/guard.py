"""Stops the stack when its supervisor is killed. `python -m stack.guard FOLDER`, started by the supervisor.

The supervisor holds the other end of this process' standard input: when it ends, in whatever way, that end closes.
"""

import signal
import subprocess
import sys
from pathlib import Path

from contracts.settings import child_environment
from stack.part import CHECKOUT
from stack.process import stop_tree
from stack.state import StackFolder


def start_guard(folder: StackFolder) -> "subprocess.Popen[bytes]":
    """Start a guard of this process' stack. Closing its `stdin` lets it end."""
    with (folder.logs / "guard.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "stack.guard", str(folder.path)],
            cwd=CHECKOUT,
            env=child_environment(),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def stop_recorded(folder: StackFolder) -> None:
    """Stop what the state file still names, last started first."""
    for part in reversed(folder.living_parts()):
        stop_tree(part.identity, first=signal.Signals(part.stop_signal))


def main(folder: StackFolder) -> None:
    """Wait for the supervisor's end, then stop what it left."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    sys.stdin.buffer.read()
    stop_recorded(folder)


if __name__ == "__main__":
    main(StackFolder(Path(sys.argv[1])))
