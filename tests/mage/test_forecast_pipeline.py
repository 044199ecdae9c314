"""The pipeline `forecast` in Mage, without a server: scikit-learn of Mage's environment, BigQuery's emulator."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from numpy.random import default_rng

from contracts.settings import BigQuerySettings
from tests.support.books import query
from tests.support.commands import run_json
from tests.support.simulated_demand import city, counts_of, rates
from tests.support.zone_hours import fill
from warehouse.bigquery import connect
from warehouse.names import Target
from warehouse.schema import prepare

pytestmark = pytest.mark.timeout(600)


def test_the_coming_week_is_predicted_and_the_run_says_how_good_past_weeks_were(
    environment: dict[str, str], bigquery_settings: BigQuerySettings, tmp_path: Path
) -> None:
    bigquery, target = connect(bigquery_settings), Target.of(bigquery_settings)
    prepare(bigquery, target, now=datetime.now(UTC))
    history = city(default_rng(13), rates(900, 78), weeks=6)
    fill(bigquery, target, counts_of(history), tmp_path)

    document = run_json(environment, "mage_project", "run", "forecast")

    (block,) = document["runs"][0]["blocks"].values()
    assert block["status"] == "completed"
    said = block["output"]
    assert (said["rows"], said["first_day"]) == (7 * 24 * 78, history.next_day.isoformat())
    assert said["rmse"] < said["naive_rmse"]
    assert 0.9 <= said["coverage"] <= 1
    (there,) = query(
        bigquery_settings,
        f"SELECT COUNT(*) AS n, SUM(forecast_trips) AS trips FROM `{bigquery_settings.dataset_prefix}gold.forecast_zone_hour`",  # noqa: S608, E501
    )
    assert there["n"] == said["rows"]
    assert there["trips"] == pytest.approx(said["expected_trips"], abs=0.1)
