"""Mage's environment has neither typer nor rich: the steps do without."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_steps_import_without_what_only_the_command_line_needs() -> None:
    # None in sys.modules makes an import fail, as if the package were not installed.
    program = "import sys; sys.modules |= {'typer': None, 'rich': None, 'click': None}; import warehouse.steps"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
