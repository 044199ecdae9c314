"""Mage's server as `python -m mage_project serve` runs it: schedule, API, login, and a whole stop."""

import hashlib
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from contracts.lake import connect
from contracts.settings import BigQuerySettings, KafkaSettings, LakeSettings
from stack.ports import free_port
from tests.support.books import query
from tests.support.commands import ROOT, run
from tests.support.landed import land, trip_events
from tests.support.mage_server import OWNER, Server, lives, serving, wait_for

PIPELINE = "trips_to_bigquery"
OTHERS = ("data_health", "forecast", "lake_maintenance", "powerbi_refresh")
TRIPS = 40
pytestmark = pytest.mark.timeout(1200)


def project_files() -> dict[str, str]:
    """Return a checksum of every file of Mage's project."""
    files = [path for path in (ROOT / "mage_project").rglob("*") if path.is_file()]
    ours = [path for path in files if not {".venv", "__pycache__"} & set(path.parts)]
    return {str(path.relative_to(ROOT)): hashlib.sha256(path.read_bytes()).hexdigest() for path in ours}


def due(run: dict[str, Any]) -> datetime:
    """Return when a scheduled run was due."""
    return datetime.fromisoformat(run["execution_date"]).replace(tzinfo=UTC)


def gold_trips(bigquery: BigQuerySettings) -> int:
    (row,) = query(bigquery, f"SELECT COUNT(*) AS trips FROM `{bigquery.dataset_prefix}gold.fact_trip`")  # noqa: S608
    return int(row["trips"])


def nobody_else_gets_in(server: Server) -> None:
    assert "pipelines" not in server.api.get("/api/pipelines")
    for email, password in ((OWNER[0], "admin"), ("admin@admin.com", "admin")):
        login = {"session": {"email": email, "password": password}}
        assert "session" not in server.api.post("/api/sessions", login)
    with pytest.raises(httpx.TransportError):
        # Mage's own default listens on every address of the machine.
        httpx.get(f"http://127.0.0.2:{server.port}/api/status", trust_env=False, timeout=2)


def test_the_schedule_and_the_api_load_trips_and_a_stop_leaves_nothing(
    server_environment: dict[str, str],
    lake_with_trips: LakeSettings,
    kafka_settings: KafkaSettings,
    bigquery_settings: BigQuerySettings,
    tmp_path: Path,
) -> None:
    before, started = project_files(), datetime.now(UTC)
    with serving(server_environment, tmp_path / "serve.log") as server:
        api = server.api
        nobody_else_gets_in(server)
        api.log_in(*OWNER)
        wait_for(lambda: api.runs(PIPELINE))
        first = api.runs(PIPELINE)[0]
        assert first["pipeline_schedule_name"] == "every_minute"
        scheduled = api.wait_for_end(first["id"])
        assert scheduled["status"] == "completed"
        assert {block["status"] for block in scheduled["block_runs"]} == {"completed"}
        assert gold_trips(bigquery_settings) == TRIPS
        # The others wait until they are due, and do not run because they were due last night.
        assert not [run for name in OTHERS for run in api.runs(name) if due(run) < started]

        land(lake_with_trips, kafka_settings, trip_events(10, first=TRIPS), arrived_at="2026-11-02T12:00:00Z")
        call = f"/api/pipeline_schedules/{api.triggers(PIPELINE)['on_demand']['id']}/api_trigger"
        refused = api.post(call, {"pipeline_run": {}}, Authorization="Bearer nobody")
        assert "pipeline_run" not in refused
        assert api.wait_for_end(api.start(PIPELINE))["status"] == "completed"
        assert gold_trips(bigquery_settings) == TRIPS + 10

        family = server.family()
        assert len(family) >= 3
        server.process.terminate()
        assert server.process.wait(timeout=120) == 0
        assert not [process for process in family if lives(process)]

    logs = [path.read_text(encoding="utf-8") for path in (tmp_path / "mage").rglob("reconcile.log")]
    assert any("reconcile: load_id" in text and "state reconciled" in text for text in logs)
    assert project_files() == before


def test_a_pause_is_followed_by_one_run_and_not_by_all_that_were_missed(
    server_environment: dict[str, str], lake_with_trips: LakeSettings, tmp_path: Path
) -> None:
    with serving(server_environment, tmp_path / "serve.log") as server:
        server.api.log_in(*OWNER)
        wait_for(lambda: server.api.runs(PIPELINE))
        first = server.api.wait_for_end(server.api.runs(PIPELINE)[0]["id"])
        assert first["status"] == "completed"
    mage = lake_with_trips.model_copy(update={"database": server_environment["TRIPLINE_MAGE_DATABASE"]})
    with connect(mage, application="test") as connection:
        (before,) = connection.execute("SELECT max(id) FROM pipeline_run").fetchone() or (0,)
        connection.execute("UPDATE pipeline_run SET execution_date = execution_date - interval '3 hours'")

    restarted = datetime.now(UTC)
    with serving(server_environment, tmp_path / "serve.log") as server:
        api = server.api
        api.log_in(*OWNER)
        wait_for(lambda: api.runs(PIPELINE)[-1]["id"] > before)
        new = [each for each in api.runs(PIPELINE) if each["id"] > before]
        assert api.wait_for_end(new[0]["id"])["status"] == "completed"
        new = [each for each in api.runs(PIPELINE) if each["id"] > before]

    assert min(map(due, new)) > restarted - timedelta(minutes=1, seconds=1)


def test_a_server_that_dies_takes_its_processes_with_it_and_the_next_one_finishes_its_run(
    server_environment: dict[str, str],
    lake_with_trips: LakeSettings,
    bigquery_settings: BigQuerySettings,
    tmp_path: Path,
) -> None:
    with serving(server_environment, tmp_path / "serve.log") as server:
        server.api.log_in(*OWNER)
        wait_for(lambda: server.api.runs(PIPELINE))
        run_id = server.api.runs(PIPELINE)[0]["id"]
        family = server.family()
        head = next(process for process in family if process.ppid() == server.process.pid)
        head.kill()
        assert server.process.wait(timeout=120) == 10
        assert not [process for process in family if lives(process)]
    assert "Mage's server ended by itself" in (tmp_path / "serve.log").read_text(encoding="utf-8")

    with serving(server_environment, tmp_path / "serve.log") as server:
        server.api.log_in(*OWNER)
        assert server.api.wait_for_end(run_id)["status"] == "completed"
    assert gold_trips(bigquery_settings) == TRIPS


@pytest.mark.parametrize(
    ("setting", "value"), [("TRIPLINE_MAGE_OWNER_PASSWORD", "admin"), ("TRIPLINE_MAGE_JWT_SECRET", "materia")]
)
def test_a_weak_secret_is_refused_and_not_repeated(
    server_environment: dict[str, str], setting: str, value: str
) -> None:
    done = run({**server_environment, setting: value}, "mage_project", "serve", expect=3)
    assert setting in done.stderr
    assert value not in done.stderr


def test_a_port_that_is_taken_is_refused(server_environment: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run(server_environment, "mage_project", "serve", "--port", port, expect=3)
    assert f"127.0.0.1:{port}" in done.stderr


def test_a_lake_that_is_not_there_is_named(server_environment: dict[str, str]) -> None:
    done = run({**server_environment, "TRIPLINE_LAKE_PORT": "9"}, "mage_project", "serve", "--port", "0", expect=2)
    assert "--port" in done.stderr
    port = str(free_port())
    done = run({**server_environment, "TRIPLINE_LAKE_PORT": "9"}, "mage_project", "serve", "--port", port, expect=4)
    assert "127.0.0.1:9" in done.stderr
