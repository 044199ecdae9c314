"""Alerts of runs without a server, to a real HTTP server: one for each failure, and none that does harm."""

import subprocess
from pathlib import Path

import pytest

from contracts.errors import ExitCode
from contracts.settings import LakeSettings
from stack.ports import free_port
from tests.support.commands import MAGE_PYTHON, ROOT, run
from tests.support.inbox import inbox

pytestmark = pytest.mark.timeout(600)


def test_a_failed_run_alerts_once_and_an_unreachable_webhook_changes_nothing(environment: dict[str, str]) -> None:
    nobody = {**environment, "TRIPLINE_LAKE_PORT": "9", "TRIPLINE_LAKE_PASSWORD": "a-secret-password"}
    with inbox() as server:
        alerts = {
            "TRIPLINE_MAGE_ALERT_WEBHOOK_URL": f"{server.url}/hook",
            "TRIPLINE_MAGE_SLACK_WEBHOOK_URL": f"http://127.0.0.1:{free_port()}/slack",
        }
        done = run(nobody | alerts, "mage_project", "run", "trips_to_bigquery", expect=ExitCode.UNREACHABLE)

    (alert,) = server.at("/hook")
    assert {name: alert[name] for name in ("what", "pipeline", "trigger", "block", "link")} == {
        "what": "failed",
        "pipeline": "trips_to_bigquery",
        "trigger": "headless",
        "block": "plan",
        "link": "",
    }
    assert f"error: {alert['error']}" in done.stderr.splitlines()
    assert alert["error"] in alert["text"]
    assert "a-secret-password" not in str(alert)


def test_a_stale_warehouse_alerts_once(environment: dict[str, str], lake_with_trips: LakeSettings) -> None:
    run(environment, "warehouse", "run")
    with inbox() as server:
        stale = environment | {"TRIPLINE_MAGE_SLACK_WEBHOOK_URL": f"{server.url}/slack"}
        run(stale, "mage_project", "run", "data_health", expect=ExitCode.UNHEALTHY)

    (alert,) = server.at("/slack")
    assert "data_health failed" in alert["text"]
    assert "block require_healthy" in alert["text"]
    assert "freshness" in alert["text"]


def test_a_run_that_is_late_alerts_once(environment: dict[str, str], tmp_path: Path) -> None:
    with inbox() as server:
        settings = {
            "MAGE_REPO_PATH": str(ROOT / "mage_project"),
            "MAGE_DATA_DIR": str(tmp_path / "data"),
            "MAGE_DATABASE_CONNECTION_URL": f"sqlite:///{tmp_path}/mage.db",
            "TRIPLINE_MAGE_ALERT_WEBHOOK_URL": f"{server.url}/hook",
        }
        command = [str(MAGE_PYTHON), "-m", "tests.support.late_run"]
        done = subprocess.run(
            command, cwd=ROOT, env=environment | settings, text=True, capture_output=True, timeout=400, check=False
        )
    assert done.returncode == 0, done.stderr
    (alert,) = server.at("/hook")
    assert (alert["what"], alert["pipeline"], alert["trigger"]) == ("late", "forecast", "every_day")
    assert "7,200 seconds after it was due" in alert["error"]
    assert alert["link"].endswith(f"/pipelines/forecast/runs/{alert['run']}")
