"""The pipeline in Mage, without a server, on a real Postgres and the BigQuery emulator."""

import json
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest

from contracts.lake import connect
from contracts.settings import BigQuerySettings, KafkaSettings, LakeSettings
from tests.support.books import query
from tests.support.commands import run, run_json, start
from tests.support.landed import FARE_OF_A_TRIP, land, trip_events
from tests.support.mage_server import lives, wait_for

TRIPS = 40
BLOCKS = ["plan", "extract", "stage", "merge", "publish", "reconcile"]
pytestmark = pytest.mark.timeout(600)


def statuses(document: dict[str, Any]) -> list[list[str]]:
    return [[block["status"] for block in each["blocks"].values()] for each in document["runs"]]


def tables(bigquery: BigQuerySettings) -> dict[str, list[dict[str, Any]]]:
    """Return all rows of the tables that a window changes, in an order that does not depend on how they are stored."""
    names = ("silver.trip_event", "silver.trip", "gold.fact_trip")
    rows = {name: query(bigquery, f"SELECT * FROM `{bigquery.dataset_prefix}{name}`") for name in names}  # noqa: S608
    return {name: sorted(found, key=lambda row: json.dumps(row, default=str)) for name, found in rows.items()}


def ids(bigquery: BigQuerySettings, table: str, column: str) -> set[str]:
    """Return the column's values, which must differ from row to row."""
    rows = query(bigquery, f"SELECT {column} AS id FROM `{bigquery.dataset_prefix}{table}`")  # noqa: S608
    found = {row["id"] for row in rows}
    assert len(found) == len(rows)
    return found


def error_and_log(said: str) -> tuple[str, str]:
    """Return the one error that a command said, and the log of Mage's that it named."""
    assert "Traceback" not in said
    (error,) = [line.removeprefix("error: ") for line in said.splitlines() if line.startswith("error: ")]
    (log,) = [line.removeprefix("Mage's log: ") for line in said.splitlines() if line.startswith("Mage's log: ")]
    return error, Path(log).read_text(encoding="utf-8")


def test_a_window_goes_to_bigquery_and_a_second_run_changes_nothing(
    environment: dict[str, str], lake_with_trips: LakeSettings, bigquery_settings: BigQuerySettings
) -> None:
    document = run_json(environment, "mage_project", "run", "trips_to_bigquery")

    assert statuses(document) == [["completed"] * 6]
    outputs = {name: block["output"] for name, block in document["runs"][0]["blocks"].items()}
    assert list(outputs) == BLOCKS
    assert outputs["plan"]["offsets"] == 2 * TRIPS
    assert outputs["reconcile"]["state"] == "reconciled"
    landed = trip_events(TRIPS)
    assert ids(bigquery_settings, "silver.trip_event", "event_id") == {event["event_id"] for event in landed}
    assert ids(bigquery_settings, "gold.fact_trip", "trip_id") == {event["trip_id"] for event in landed}
    assert outputs["reconcile"]["fare_minor_units"] == TRIPS * FARE_OF_A_TRIP

    before = tables(bigquery_settings)
    second = run_json(environment, "mage_project", "run", "trips_to_bigquery")

    assert statuses(second) == [["completed"] + ["condition_failed"] * 5]
    assert tables(bigquery_settings) == before
    assert list(Path(environment["TRIPLINE_MAGE_DATA_FOLDER"]).iterdir()) == []


def test_a_service_that_is_not_there_is_named_with_its_exit_code(
    environment: dict[str, str], lake_with_trips: LakeSettings
) -> None:
    nobody = {**environment, "TRIPLINE_BIGQUERY_EMULATOR_URL": "http://127.0.0.1:9"}

    done = run(nobody, "mage_project", "run", "trips_to_bigquery", expect=4)

    error, log = error_and_log(done.stderr)
    assert "127.0.0.1:9" in error
    assert "attempt 1 of 1" in log
    assert done.stdout == ""


def test_a_failing_step_is_tried_three_times_and_its_error_is_one_line_in_the_log(
    environment: dict[str, str], lake_with_trips: LakeSettings
) -> None:
    no_folder = {**environment, "TRIPLINE_WAREHOUSE_WORK_FOLDER": "/proc/tripline"}

    done = run(no_folder, "mage_project", "run", "trips_to_bigquery", expect=3)

    error, log = error_and_log(done.stderr)
    assert "TRIPLINE_WAREHOUSE_WORK_FOLDER" in error
    assert f"extract failed: {error}" in log
    assert "attempt 3 of 3" in log


def test_a_killed_run_leaves_no_process_and_the_next_one_finishes_its_window_and_all_others(
    environment: dict[str, str],
    lake_with_trips: LakeSettings,
    kafka_settings: KafkaSettings,
    bigquery_settings: BigQuerySettings,
) -> None:
    land(lake_with_trips, kafka_settings, trip_events(10, first=TRIPS), arrived_at="2026-11-02T12:00:00Z")
    small_windows = {**environment, "TRIPLINE_WAREHOUSE_WINDOW_ROWS": "60"}
    process = start(small_windows, "mage_project", "run", "trips_to_bigquery")
    with connect(lake_with_trips, application="test", autocommit=True) as connection:
        wait_for(lambda: connection.execute("SELECT FROM control.load").fetchone() is not None)
        (killed,) = connection.execute("SELECT load_id FROM control.load").fetchone() or ()
    family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate(timeout=120)
    wait_for(lambda: not any(lives(child) for child in family))

    document = run_json(small_windows, "mage_project", "run", "trips_to_bigquery", "--until-caught-up")

    plans = [each["blocks"]["plan"]["output"] for each in document["runs"]]
    offsets = [each["offsets"] for each in plans]
    assert sum(offsets) == 2 * (TRIPS + 10)
    assert (max(offsets), offsets[-1]) == (60, 0)
    assert plans[0]["load_id"] == killed
    assert plans[-1]["load_id"] is None
    assert len(ids(bigquery_settings, "gold.fact_trip", "trip_id")) == TRIPS + 10


def test_a_stopped_run_cleans_up(environment: dict[str, str]) -> None:
    folder = Path(environment["TRIPLINE_MAGE_DATA_FOLDER"])
    process = start(environment, "mage_project", "run", "trips_to_bigquery")
    wait_for(lambda: bool(list(folder.glob("*/mage.log"))))
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 143, said
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("no_such_pipeline",), "trips_to_bigquery"),
        (("trips_to_bigquery", "--variables", "{"), "--variables"),
        (("trips_to_bigquery", "--variables", "[]"), "--variables"),
    ],
)
def test_a_wrong_argument_is_named_before_mage_starts(
    environment: dict[str, str], arguments: tuple[str, ...], named: str
) -> None:
    done = run(environment, "mage_project", "run", *arguments, expect=3)
    assert named in done.stderr
