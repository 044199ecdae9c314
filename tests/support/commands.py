"""Run Tripline's commands as a user would: their own process, their output, their exit code."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MAGE_PYTHON = ROOT / "mage_project" / ".venv" / "bin" / "python"


def start(environment: Mapping[str, str], package: str, *arguments: str) -> subprocess.Popen[str]:
    """Start `python -m package …` without waiting."""
    return subprocess.Popen(
        _command(package, arguments),
        cwd=ROOT,
        env=dict(environment),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def run(
    environment: Mapping[str, str], package: str, *arguments: str, timeout: float = 240, expect: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run `python -m package …` to its end and hold its exit code."""
    command = _command(package, arguments)
    done = subprocess.run(
        command, cwd=ROOT, env=dict(environment), text=True, capture_output=True, timeout=timeout, check=False
    )
    assert done.returncode == expect, f"{command} exited with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def run_json(environment: Mapping[str, str], package: str, *arguments: str, timeout: float = 240) -> dict[str, Any]:
    """Run a command with `--json` and return the object it printed."""
    done = run(environment, package, *arguments, "--json", timeout=timeout)
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def _command(package: str, arguments: tuple[str, ...]) -> list[str]:
    python = str(MAGE_PYTHON) if package == "mage_project" else sys.executable
    return [python, "-m", package, *arguments]
