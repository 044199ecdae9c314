"""The real trips, all the way: what stands in gold is what can be counted in the two CSV files."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from contracts.settings import BigQuerySettings, ProducerSettings
from producer.fetch import chicago_trips
from tests.support.chicago_truth import chicago_truth
from tests.support.commands import run, run_json
from tests.support.report_numbers import verify_preview
from warehouse.bigquery import connect
from warehouse.names import Target, render

TOTALS = """
SELECT
  COUNT(*) AS trips,
  COUNTIF(is_completed) AS completed,
  SUM(revenue) AS revenue,
  SUM(revenue_minor_units) AS revenue_minor_units,
  SUM(distance_metres) AS metres,
  SUM(distance_miles) AS miles
FROM `{gold}.fact_trip`
"""
MONTHS = """
SELECT
  FORMAT_DATE('%Y-%m', service_date) AS month, SUM(trips) AS trips, CAST(SUM(revenue) * 100 AS INT64) AS cents
FROM `{gold}.daily_trips`
GROUP BY month
"""
RULE_OF_DIRT = {
    "zero_distance": "zero_distance",
    "zero_fare": "nonpositive_fare",
    "zero_duration": "zero_duration",
    "no_duration": "missing_duration",
    "too_fast": "implausible_speed",
    "no_company": "missing_provider",
    "no_dropoff_area": "missing_dropoff_area",
}


@pytest.mark.timeout(600)
def test_every_figure_in_gold_can_be_counted_in_the_files(
    environment: dict[str, str], bigquery_settings: BigQuerySettings, tmp_path: Path
) -> None:
    run(environment, "consumer", "migrate")
    produced = run_json(environment, "producer", "replay")
    landed = run_json(environment, "consumer", "run", "--until-end")
    run(environment, "mage_project", "run", "trips_to_bigquery", "--until-caught-up", timeout=300)
    run(environment, "warehouse", "reconcile")

    truth = chicago_truth(chicago_trips(ProducerSettings()))
    assert produced["acknowledged"] == produced["produced"] == 5 * truth["trips"] == landed["landed"]
    assert landed["dead_lettered"] == 0

    warehouse, target = connect(bigquery_settings), Target.of(bigquery_settings)

    def ask(sql: str) -> list[dict[str, Any]]:
        return warehouse.query(render(sql, target), "test")

    assert ask(TOTALS) == [
        {
            "trips": truth["trips"],
            "completed": truth["trips"],
            "revenue": Decimal(truth["revenue_minor_units"]) / 100,
            "revenue_minor_units": truth["revenue_minor_units"],
            "metres": truth["metres"],
            "miles": Decimal(truth["miles"]),
        }
    ]
    assert {row["month"]: (row["trips"], row["cents"]) for row in ask(MONTHS)} == {
        month: (figures["trips"], figures["revenue_minor_units"]) for month, figures in truth["months"].items()
    }
    dirty = {row["rule"]: row["trips"] for row in ask("SELECT rule, trips FROM `{gold}.dirty_trips`")}
    found_in_files = {rule: truth["dirty"][name] for name, rule in RULE_OF_DIRT.items()}
    assert dirty == {**dict.fromkeys(dirty, 0), **found_in_files}

    for step in ("forecast", "check"):
        run(environment, "warehouse", step)
    # Nothing is wrong with these events, and nobody corrected one.
    nothing = {
        "Events that broke the contract, by reason",
        "Dead letters, by reason",
        "Corrected or voided trips by month",
    }
    verify_preview(environment, bigquery_settings, tmp_path, empty=nothing)
