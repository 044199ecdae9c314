"""Keeping what a peer needs in the cache, whole or not at all."""

import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.sink import NotInstallableError

LONGEST_SECONDS = 1_800


def once(folder: Path, make: Callable[[Path], object]) -> Path:
    """Return a folder of the cache, filled by `make` when it is not there yet."""
    if not folder.is_dir():
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{folder.name}-") as temporary:
            unfinished = Path(temporary) / "unfinished"
            unfinished.mkdir()
            make(unfinished)
            try:
                unfinished.rename(folder)
            except OSError:
                if not folder.is_dir():
                    raise  # Anything but another process that was faster.
    return folder


def run(command: Sequence[str], folder: Path) -> None:
    """Run a step of an installation. Raises NotInstallableError with the last line of what it said."""
    try:
        done = subprocess.run(
            list(command), cwd=folder, capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstallableError(f"`{Path(command[0]).name}` cannot run ({type(error).__name__})") from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise NotInstallableError(f"`{Path(command[0]).name} {command[1]}` failed: {last[:120]}")
