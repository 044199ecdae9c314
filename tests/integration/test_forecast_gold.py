"""The forecast on BigQuery's emulator: read from gold, written to gold, again and again the same."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from numpy.random import default_rng

from contracts.errors import FatalError
from contracts.settings import BigQuerySettings, environment_of, load
from tests.services.own import own_datasets, unique_name
from tests.support.commands import run, run_json
from tests.support.simulated_demand import city, counts_of, rates
from tests.support.zone_hours import fill
from warehouse.bigquery import BigQuery, connect
from warehouse.forecast import steps
from warehouse.forecast.history import Count
from warehouse.names import Target, render
from warehouse.schema import prepare

NOW = datetime(2026, 3, 16, 12, tzinfo=UTC)
NEWEST = date(2026, 3, 15)
WEEKS, ZONES = 7, 78


def history(weeks: int = WEEKS, trips_per_week: float = 900) -> Iterator[Count]:
    """Yield trips of some weeks that end with `NEWEST`, and some of the day that has begun since."""
    yield from counts_of(city(default_rng(12), rates(trips_per_week, ZONES), weeks))
    yield Count(NEWEST + timedelta(days=1), 0, 8, 40)


@pytest.fixture(scope="module")
def target(bigquery_server: BigQuerySettings) -> Iterator[Target]:
    with own_datasets(bigquery_server, unique_name()) as settings, pytest.MonkeyPatch.context() as patch:
        for name, value in environment_of(settings).items():
            patch.setenv(name, value)
        yield Target.of(settings)


@pytest.fixture(scope="module")
def warehouse(target: Target) -> BigQuery:
    """Each test fills it with the trips that it needs, and no others; a forecast replaces the one before."""
    bigquery = connect(load(BigQuerySettings))
    prepare(bigquery, target, now=NOW)
    return bigquery


def table(warehouse: BigQuery, target: Target) -> list[dict[str, Any]]:
    sql = "SELECT * FROM `{gold}.forecast_zone_hour` ORDER BY service_date, hour_key, zone_key"
    return warehouse.query(render(sql, target), "read")


def test_the_coming_week_stands_in_gold_and_a_second_run_changes_nothing(
    warehouse: BigQuery, target: Target, tmp_path: Path
) -> None:
    fill(warehouse, target, history(), tmp_path)

    said = steps.forecast(NOW)

    rows = table(warehouse, target)
    keys = [(row["service_date"], row["hour_key"], row["zone_key"]) for row in rows]
    days = [NEWEST + timedelta(days=ahead) for ahead in range(1, 8)]
    assert keys == [(day, hour, zone) for day in days for hour in range(24) for zone in range(ZONES)]
    assert {row["made_at"] for row in rows} == {NOW}
    assert all(0 <= row["lower_trips"] <= row["forecast_trips"] <= row["upper_trips"] for row in rows)
    assert sum(row["forecast_trips"] for row in rows) == pytest.approx(900, rel=0.1)
    assert (said["rows"], said["first_day"], said["history_weeks"]) == (len(rows), "2026-03-16", WEEKS)
    assert said["expected_trips"] == pytest.approx(sum(row["forecast_trips"] for row in rows), abs=0.1)
    assert said["rmse"] < said["naive_rmse"]

    calendar = warehouse.query(render("SELECT date FROM `{gold}.dim_date` ORDER BY date", target), "calendar")
    assert set(days) <= {row["date"] for row in calendar}, "reports find the days in the calendar"

    assert steps.forecast(NOW) == said
    assert table(warehouse, target) == rows
    later = NOW + timedelta(hours=1)
    steps.forecast(later)
    assert table(warehouse, target) == [{**row, "made_at": later} for row in rows]
    staged = "SELECT table_name FROM `{bronze}`.INFORMATION_SCHEMA.TABLES WHERE table_name LIKE 'staging%'"
    assert warehouse.query(render(staged, target), "staged") == []


def test_a_history_that_is_too_short_is_said_and_leaves_gold_alone(
    warehouse: BigQuery, target: Target, tmp_path: Path
) -> None:
    fill(warehouse, target, history(weeks=2), tmp_path)
    steps.forecast(NOW)
    before = table(warehouse, target)
    for weeks, reason in ((1, "14 complete days"), (0, "no trips before 2026-03-16")):
        fill(warehouse, target, history(weeks), tmp_path)
        said = steps.forecast(NOW)
        assert said["rows"] == 0
        assert reason in said["reason"]
        assert steps.backtest(4, NOW) == ([], said["reason"])
    assert table(warehouse, target) == before != []


def test_the_command_says_how_good_it_is(
    warehouse: BigQuery, target: Target, environment: dict[str, str], tmp_path: Path
) -> None:
    fill(warehouse, target, history(), tmp_path)
    environment = {**environment, **environment_of(load(BigQuerySettings))}

    said = run_json(environment, "warehouse", "forecast")
    assert said["rows"] == 7 * 24 * ZONES
    shown = run(environment, "warehouse", "forecast", "--backtest", "2")
    assert "naive rmse" in shown.stdout
    assert "2026-03-" in shown.stdout


def test_a_warehouse_that_was_never_prepared_is_named(
    bigquery_settings: BigQuerySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment_of(bigquery_settings).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(FatalError, match="prepare"):
        steps.forecast(NOW)
