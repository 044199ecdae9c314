"""`make demo`, as a newcomer runs it: ends by itself, reconciled, within its promised time and memory.

And what stood in gold, and on the report's pages, is what can be counted in the two CSV files.
"""

# ruff: noqa: S608 - the statements are the test's own

import contextlib
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
import pytest

from contracts.settings import ProducerSettings
from powerbi.checks.contract import committed_gold
from producer.fetch import chicago_trips
from tests.support.chicago_truth import chicago_truth
from tests.support.commands import ROOT
from tests.support.gold_in_duckdb import GoldInDuckDb
from tests.support.report_numbers import verify_drawn

WARM_SECONDS = 90
PEAK_MEBIBYTES = 300
RULE_OF_DIRT = {
    "zero_distance": "zero_distance",
    "zero_fare": "nonpositive_fare",
    "zero_duration": "zero_duration",
    "no_duration": "missing_duration",
    "too_fast": "implausible_speed",
    "no_company": "missing_provider",
    "no_dropoff_area": "missing_dropoff_area",
}
# Nothing is wrong with these events, and nobody corrected one.
NOTHING_TO_SHOW = {
    "Events that broke the contract, by reason",
    "Dead letters, by reason",
    "Corrected or voided trips by month",
}


@pytest.mark.alone
@pytest.mark.timeout(600)
def test_the_demo_ends_reconciled_and_every_figure_can_be_counted_in_the_files(tmp_path: Path) -> None:
    truth = chicago_truth(chicago_trips(ProducerSettings()))
    command = [
        sys.executable,
        "-m",
        "tests.support.inspected_demo",
        str(tmp_path / "gold"),
        "demo",
        "--result",
        str(tmp_path / "demo.json"),
    ]
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
    assert result["seconds"]["total"] - result["seconds"]["inspect"] < WARM_SECONDS
    assert result["peak_mebibytes"]["produce"] < PEAK_MEBIBYTES
    assert result["peak_mebibytes"]["land"] < PEAK_MEBIBYTES

    pages = tmp_path / "report"
    assert result["report"] == str(pages / "index.html")
    assert len(list(pages.glob("*.png"))) == 5
    for shown in ("15,000", "$192,665.20", "Near North Side", "March", "make up"):
        assert shown in done.stdout + done.stderr
    assert not names_of_processes_with(str(tmp_path))

    gold = GoldInDuckDb.restore(tmp_path / "gold")
    verify_facts(gold, truth)
    verify_drawn(pages, gold, empty=NOTHING_TO_SHOW)


def verify_facts(gold: GoldInDuckDb, truth: dict[str, Any]) -> None:
    """Hold sums of the facts against the files, in all, by month, and by what is dirty about a trip."""
    trips, cents, metres, miles = truth["trips"], truth["revenue_minor_units"], truth["metres"], Decimal(truth["miles"])
    totals = "count(*), count(*) FILTER (is_completed), sum(revenue), sum(revenue_minor_units), sum(distance_metres)"
    assert gold.query(f"SELECT {totals}, sum(distance_miles) FROM fact_trip") == [
        (trips, trips, Decimal(cents) / 100, cents, metres, miles)
    ]
    by_month = "SELECT strftime(service_date, '%Y-%m'), count(*), sum(revenue_minor_units) FROM fact_trip GROUP BY 1"
    assert {month: (count, revenue) for month, count, revenue in gold.query(by_month)} == {
        month: (figures["trips"], figures["revenue_minor_units"]) for month, figures in truth["months"].items()
    }
    rules = [name for name in committed_gold()["fact_trip"].columns if name.startswith("has_")]
    (counted,) = gold.query(f"SELECT {', '.join(f'count(*) FILTER ({rule})' for rule in rules)} FROM fact_trip")
    found_in_files = {f"has_{rule}": truth["dirty"][name] for name, rule in RULE_OF_DIRT.items()}
    assert dict(zip(rules, counted, strict=True)) == {**dict.fromkeys(rules, 0), **found_in_files}


def names_of_processes_with(text: str) -> list[str]:
    """Return who runs with `text` in its command line."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if text in " ".join(process.cmdline()):
                found.append(process.name())
    return found
