"""Every pipeline in Mage's server, started by its API trigger."""

import re
from pathlib import Path
from typing import Any

import pytest

from contracts.settings import LakeSettings
from tests.support.commands import ROOT
from tests.support.inbox import inbox
from tests.support.mage_api import MageApi
from tests.support.mage_server import OWNER, serving

PIPELINES = sorted(path.parent.name for path in (ROOT / "mage_project").glob("pipelines/*/metadata.yaml"))
pytestmark = pytest.mark.timeout(300)


def refused_request(api: MageApi) -> dict[str, Any]:
    """Ask for what cannot be built, and return the run once it has failed."""
    run = api.wait_for_end(api.start("rebuild", what="bronze"))
    assert run["status"] == "failed"
    return run


def test_every_pipeline_runs_by_its_api_trigger_and_a_failure_that_goes_on_alerts_once_an_hour(
    server_environment: dict[str, str], lake_with_trips: LakeSettings, tmp_path: Path
) -> None:
    # The events of this lake arrived on a fixed day.
    settings = {**server_environment, "TRIPLINE_QUALITY_ARRIVAL_MINUTES": "0"}
    with inbox() as hook:
        settings["TRIPLINE_MAGE_ALERT_WEBHOOK_URL"] = f"{hook.url}/hook"
        with serving(settings, tmp_path / "serve.log") as server:
            api = server.api
            api.log_in(*OWNER)
            # First what the others read.
            assert api.wait_for_end(api.start("trips_to_bigquery"))["status"] == "completed"
            others = [name for name in PIPELINES if name not in {"trips_to_bigquery", "data_health"}]
            started = {name: api.start(name) for name in others}
            ended = {name: api.wait_for_end(run)["status"] for name, run in started.items()}
            # Last what nobody may write to meanwhile.
            ended["data_health"] = api.wait_for_end(api.start("data_health"))["status"]
            form = api.get("/api/pipeline_interactions/rebuild", filter_for_permissions="1")["pipeline_interaction"]
            failed = [refused_request(api) for _ in range(2)]

    assert ended == dict.fromkeys(ended, "completed")
    assert "check_request" in form["blocks"]
    alerts = [alert for alert in hook.at("/hook") if alert["pipeline"] == "rebuild"]
    assert len(alerts) == len({run["execution_date"][:13] for run in failed})
    assert alerts[0]["block"] == "check_request"
    assert "[what = bronze]" in alerts[0]["error"]
    assert alerts[0]["link"] == f"http://127.0.0.1:{server.port}/pipelines/rebuild/runs/{failed[0]['id']}"
    logs = [path.read_text(encoding="utf-8") for path in (tmp_path / "mage").rglob("*.log")]
    for figure in ("staged_bytes", "bytes_deleted", "checks"):
        assert any(re.search(rf"{figure} [^\n]*seconds [0-9.]+", text) for text in logs), figure
