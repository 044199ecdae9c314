"""Running what installs a peer."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.sink import NotInstallableError

LONGEST_SECONDS = 1_800


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
