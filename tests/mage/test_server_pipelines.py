"""Every pipeline in Mage's server: started by its API trigger, and from the UI in a real browser."""

import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Page, expect, sync_playwright

from contracts.settings import LakeSettings
from tests.support.commands import ROOT
from tests.support.inbox import inbox
from tests.support.mage_api import MageApi
from tests.support.mage_server import OWNER, serving, wait_for

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PIPELINES = sorted(path.parent.name for path in (ROOT / "mage_project").glob("pipelines/*/metadata.yaml"))
# First what the others read, last what nobody may write to meanwhile.
IN_ORDER = sorted(PIPELINES, key=lambda name: (name != "trips_to_bigquery", name == "data_health"))
# The events of these lakes arrived on a fixed day.
ANY_DAY = {"TRIPLINE_QUALITY_ARRIVAL_MINUTES": "0"}
PATIENCE_MILLISECONDS = 180_000
pytestmark = pytest.mark.timeout(1200)


def refused_request(api: MageApi) -> dict[str, Any]:
    """Ask for what cannot be built, and return the run once it has failed."""
    run = api.wait_for_end(api.start("rebuild", what="bronze"))
    assert run["status"] == "failed"
    return run


def test_every_pipeline_runs_by_its_api_trigger_and_a_failure_that_goes_on_alerts_once_an_hour(
    server_environment: dict[str, str], lake_with_trips: LakeSettings, tmp_path: Path
) -> None:
    settings = server_environment | ANY_DAY
    with inbox() as hook:
        settings["TRIPLINE_MAGE_ALERT_WEBHOOK_URL"] = f"{hook.url}/hook"
        with serving(settings, tmp_path / "serve.log") as server:
            api = server.api
            api.log_in(*OWNER)
            first, *others, last = IN_ORDER
            assert api.wait_for_end(api.start(first))["status"] == "completed"
            started = {name: api.start(name) for name in others}
            ended = {name: api.wait_for_end(run)["status"] for name, run in started.items()}
            ended[last] = api.wait_for_end(api.start(last))["status"]
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


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
def test_every_pipeline_is_run_once_from_the_ui_in_a_browser(
    server_environment: dict[str, str], lake_with_trips: LakeSettings, tmp_path: Path
) -> None:
    settings = server_environment | ANY_DAY
    with serving(settings, tmp_path / "serve.log") as server, sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        page = browser.new_page(base_url=f"http://127.0.0.1:{server.port}")
        page.set_default_timeout(PATIENCE_MILLISECONDS)
        log_in(page)
        server.api.log_in(*OWNER)
        for pipeline in IN_ORDER:
            run_once(page, server.api, pipeline)
        browser.close()


def log_in(page: Page) -> None:
    page.goto("/sign-in", wait_until="domcontentloaded")
    page.locator("input:not([type=password])").first.fill(OWNER[0])
    page.locator("input[type=password]").fill(OWNER[1])
    page.get_by_text("Sign into Mage", exact=True).click()
    page.wait_for_url(lambda url: "sign-in" not in url)


def run_once(page: Page, api: MageApi, pipeline: str) -> None:
    """Open the pipeline, press Run@once, and see the run completed in the UI."""
    page.goto(f"/pipelines/{pipeline}/triggers", wait_until="domcontentloaded")
    page.get_by_text("Run@once", exact=True).click()
    page.get_by_text("Run now", exact=True).click()
    wait_for(lambda: runs_by_hand(api, pipeline))
    (run,) = runs_by_hand(api, pipeline)
    assert api.wait_for_end(run["id"])["status"] == "completed", pipeline
    page.goto(f"/pipelines/{pipeline}/runs", wait_until="domcontentloaded")
    row = page.locator("tr", has_text=run["pipeline_schedule_name"])
    # The UI's word for `completed`.
    expect(row.first).to_contain_text("Done", timeout=PATIENCE_MILLISECONDS)


def runs_by_hand(api: MageApi, pipeline: str) -> list[dict[str, Any]]:
    """Return the runs that no trigger of the project started."""
    ours = read_triggers(pipeline)
    return [run for run in api.runs(pipeline) if run["pipeline_schedule_name"] not in ours]


def read_triggers(pipeline: str) -> set[str]:
    """Return the names of a pipeline's triggers in the project."""
    text = (ROOT / "mage_project" / "pipelines" / pipeline / "triggers.yaml").read_text(encoding="utf-8")
    return {trigger["name"] for trigger in yaml.safe_load(text)["triggers"]}
