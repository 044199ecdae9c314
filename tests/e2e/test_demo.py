"""`make demo`, as a newcomer runs it: ends by itself, reconciled, within its promised time and memory."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from contracts.settings import ProducerSettings
from producer.fetch import chicago_trips
from tests.support.chicago_truth import chicago_truth
from tests.support.commands import ROOT

WARM_SECONDS = 90
PEAK_MEBIBYTES = 300


@pytest.mark.alone
@pytest.mark.timeout(600)
def test_the_demo_ends_reconciled_with_the_figures_of_the_files(tmp_path: Path) -> None:
    truth = chicago_truth(chicago_trips(ProducerSettings()))
    command = [sys.executable, "-m", "stack", "demo", "--result", str(tmp_path / "demo.json")]
    environment = {**os.environ, "TRIPLINE_STACK_FOLDER": str(tmp_path / "stack")}
    done = subprocess.run(command, cwd=ROOT, env=environment, text=True, capture_output=True, timeout=500, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"

    result = json.loads((tmp_path / "demo.json").read_text(encoding="utf-8"))
    assert result["produced"] == result["acknowledged"] == result["landed"] == 5 * truth["trips"]
    assert (result["dead_lettered"], result["rejected"], result["reconciled"]) == (0, 0, True)
    assert result["trips"] == truth["trips"]
    assert result["revenue_minor_units"] == truth["revenue_minor_units"]
    # The files end on 2016-12-30, with some 15 trips a week.
    assert result["forecast_from"] == "2016-12-31"
    assert 5 < result["forecast_trips"] < 45
    assert result["seconds"]["total"] < WARM_SECONDS
    assert result["peak_mebibytes"]["produce"] < PEAK_MEBIBYTES
    assert result["peak_mebibytes"]["land"] < PEAK_MEBIBYTES

    pages = tmp_path / "report"
    assert result["report"] == str(pages / "index.html")
    assert len(list(pages.glob("*.png"))) == 5
    for shown in ("15,000", "$192,665.20", "Near North Side", "March", "make up"):
        assert shown in done.stdout + done.stderr
    assert not names_of_processes_with(str(tmp_path))


def names_of_processes_with(text: str) -> list[str]:
    """Return who runs with `text` in its command line."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if text in " ".join(process.cmdline()):
                found.append(process.name())
    return found
