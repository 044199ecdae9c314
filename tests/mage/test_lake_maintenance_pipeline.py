"""The pipeline `lake_maintenance` in Mage, without a server, and what it clears away of Mage's own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contracts.lake import connect
from contracts.settings import LakeSettings
from mage_project import leftovers
from stack.postgres import create_database, drop_database
from tests.support.commands import MAGE_PYTHON, ROOT, run_json

NOW = datetime.now(UTC)
OLD, RECENT = NOW - timedelta(days=15), NOW - timedelta(days=13)
BLOCKS = ["make_days", "index_days", "roll_up_trips", "drop_days", "clean_mage"]


@pytest.mark.timeout(600)
def test_the_lake_is_maintained_by_mage(environment: dict[str, str], lake_with_trips: LakeSettings) -> None:
    document = run_json(environment, "mage_project", "run", "lake_maintenance")

    blocks = document["runs"][0]["blocks"]
    assert {name: block["status"] for name, block in blocks.items()} == dict.fromkeys(BLOCKS, "completed")
    assert len(blocks["make_days"]["output"]["days_made"]) == 4
    assert blocks["roll_up_trips"]["output"] == {"offsets_rolled_up": 80, "service_dates": 1}
    with connect(lake_with_trips, application="test") as connection:
        assert connection.execute("SELECT sum(trips)::int FROM lake.trip_hour").fetchone() == (40,)


def test_maintenance_needs_no_kafka_where_mage_runs() -> None:
    code = "import sys, consumer.maintenance, mage_project.leftovers; print('confluent_kafka' in sys.modules)"
    for python in (str(MAGE_PYTHON), sys.executable):
        done = subprocess.run([python, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "False"


@pytest.fixture
def mage(lake_settings: LakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LakeSettings]:
    """Mage's database with runs of two triggers, and its folder."""
    mage = lake_settings.model_copy(update={"database": f"{lake_settings.database}_mage"})
    create_database(mage)
    with connect(mage, application="test") as connection:
        connection.execute(
            "CREATE TABLE pipeline_run "
            "(id int PRIMARY KEY, pipeline_schedule_id int, execution_date timestamptz, status text);"
            "CREATE TABLE block_run (id serial, pipeline_run_id int REFERENCES pipeline_run)"
        )
        runs = [
            (1, 1, OLD - timedelta(1), "COMPLETED"),
            (2, 1, OLD, "RUNNING"),
            (3, 1, RECENT, "FAILED"),
            (4, 2, OLD, "COMPLETED"),
        ]
        connection.cursor().executemany("INSERT INTO pipeline_run VALUES (%s, %s, %s, %s)", runs)
        connection.execute("INSERT INTO block_run (pipeline_run_id) SELECT id FROM pipeline_run")
    settings = {
        "LAKE_HOST": mage.host,
        "LAKE_PORT": str(mage.port),
        "LAKE_USER": mage.user,
        "LAKE_PASSWORD": mage.password.get_secret_value(),
        "LAKE_DATABASE": lake_settings.database,
        "MAGE_DATABASE": mage.database,
        "MAGE_DATA_FOLDER": str(tmp_path),
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"TRIPLINE_{name}", value)
    yield mage
    drop_database(mage)


def test_old_runs_go_with_their_files_and_each_trigger_keeps_its_newest(mage: LakeSettings, tmp_path: Path) -> None:
    for at in (OLD, RECENT):
        for kind in (".variables", ".logs"):
            folder = tmp_path / "mage_project" / "pipelines" / "some" / kind / "1" / f"{at:%Y%m%dT%H%M%S}_000001"
            folder.mkdir(parents=True)
            (folder / "file").write_bytes(b"1234")
    for at in (OLD, RECENT):
        failed = tmp_path / f"headless-{at:%d}"
        failed.mkdir()
        os.utime(failed, (at.timestamp(), at.timestamp()))
    expected = {"runs_deleted": 1, "folders_deleted": 3, "bytes_deleted": 8}

    assert leftovers.clean(dry_run=True) == expected
    assert leftovers.clean() == expected
    assert leftovers.clean() == {"runs_deleted": 0, "folders_deleted": 0, "bytes_deleted": 0}

    with connect(mage, application="test") as connection:
        assert connection.execute("SELECT id FROM pipeline_run ORDER BY id").fetchall() == [(2,), (3,), (4,)]
        assert connection.execute("SELECT pipeline_run_id FROM block_run ORDER BY 1").fetchall() == [(2,), (3,), (4,)]
    left = sorted(path.name for path in tmp_path.glob("mage_project/pipelines/some/*/1/*"))
    assert left == [f"{RECENT:%Y%m%dT%H%M%S}_000001"] * 2
    assert [path.name for path in tmp_path.glob("headless-*")] == [f"headless-{RECENT:%d}"]
