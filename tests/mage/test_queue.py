"""Mage's queue loses no run."""

import subprocess
from pathlib import Path

from tests.support.commands import MAGE_PYTHON, ROOT


def test_a_run_that_nobody_serves_is_served_at_the_next_tick(environment: dict[str, str], tmp_path: Path) -> None:
    settings = {"MAGE_DATA_DIR": str(tmp_path / "data"), "PYTHONPATH": str(ROOT)}
    command = [str(MAGE_PYTHON), "-m", "tests.support.lost_run"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment | settings, text=True, capture_output=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "the job ran" in done.stdout
