"""Mage's project by its files alone: what Mage would find out only at run time, or never."""

import re
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from warehouse.restate import REBUILDS, Request

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "mage_project"
PIPELINES = sorted(path.parent for path in PROJECT.glob("pipelines/*/metadata.yaml"))
FOLDER_OF_TYPE = {
    "data_loader": "data_loaders",
    "transformer": "transformers",
    "data_exporter": "data_exporters",
    "custom": "custom",
    "callback": "callbacks",
    "conditional": "conditionals",
}
every_pipeline = pytest.mark.parametrize("folder", PIPELINES, ids=lambda folder: folder.name)


def read(path: Path) -> dict[str, Any]:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict), path
    return content


def add_ons(pipeline: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pipeline.get("conditionals", []), *pipeline.get("callbacks", [])]


def block_file(block: dict[str, Any]) -> Path:
    return PROJECT / FOLDER_OF_TYPE[block["type"]] / f"{block['uuid']}.py"


def test_the_project_sends_no_telemetry_and_has_a_fixed_identity() -> None:
    project = read(PROJECT / "metadata.yaml")
    assert project["help_improve_mage"] is False
    assert re.fullmatch(r"[0-9a-f]{32}", project["project_uuid"])


def test_a_read_only_project_has_the_file_that_the_server_would_write() -> None:
    assert (PROJECT / ".ssh_tunnel" / "aws_emr.json").read_text(encoding="utf-8").strip() == "{}"


def test_there_is_the_pipeline_that_the_readme_names() -> None:
    assert "trips_to_bigquery" in [folder.name for folder in PIPELINES]


@every_pipeline
def test_a_pipeline_is_named_like_its_folder(folder: Path) -> None:
    pipeline = read(folder / "metadata.yaml")
    assert (pipeline["uuid"], pipeline["name"]) == (folder.name, folder.name)


@every_pipeline
def test_upstream_and_downstream_agree(folder: Path) -> None:
    blocks = {block["uuid"]: block for block in read(folder / "metadata.yaml")["blocks"]}
    downward = {(uuid, below) for uuid, block in blocks.items() for below in block["downstream_blocks"]}
    upward = {(above, uuid) for uuid, block in blocks.items() for above in block["upstream_blocks"]}
    assert downward == upward
    assert {uuid for pair in downward for uuid in pair} <= set(blocks)


@every_pipeline
def test_add_ons_name_blocks_that_exist(folder: Path) -> None:
    pipeline = read(folder / "metadata.yaml")
    blocks = {block["uuid"] for block in pipeline["blocks"]}
    for add_on in add_ons(pipeline):
        assert set(add_on["upstream_blocks"]) <= blocks, add_on["uuid"]


@every_pipeline
def test_every_block_reports_its_outcome(folder: Path) -> None:
    pipeline = read(folder / "metadata.yaml")
    (report,) = pipeline["callbacks"]
    assert report["uuid"] == "report"
    assert report["upstream_blocks"] == [block["uuid"] for block in pipeline["blocks"]]


@every_pipeline
def test_one_run_at_a_time_whoever_starts_it(folder: Path) -> None:
    limits = read(folder / "metadata.yaml")["concurrency_config"]
    assert limits["pipeline_run_limit"] == limits["pipeline_run_limit_all_triggers"] == 1


@every_pipeline
def test_retries_are_where_mage_reads_them(folder: Path) -> None:
    pipeline = read(folder / "metadata.yaml")
    assert "retry_config" not in pipeline, "Mage ignores a pipeline's retry_config"
    if pipeline["run_pipeline_in_one_process"]:
        assert not [block["uuid"] for block in pipeline["blocks"] if "timeout" in block], (
            "Mage ignores it in one process"
        )


def test_the_steps_of_a_window_follow_each_other() -> None:
    blocks = read(PROJECT / "pipelines" / "trips_to_bigquery" / "metadata.yaml")["blocks"]
    assert [block["uuid"] for block in blocks] == ["plan", "extract", "stage", "merge", "publish", "reconcile"]
    for above, below in pairwise(blocks):
        assert above["downstream_blocks"] == [below["uuid"]]
    assert blocks[1]["retry_config"]["retries"] >= 1


@every_pipeline
def test_triggers_are_complete_so_that_the_server_does_not_rewrite_them(folder: Path) -> None:
    for trigger in read(folder / "triggers.yaml")["triggers"]:
        assert trigger["pipeline_uuid"] == folder.name
        assert isinstance(trigger["last_enabled_at"], datetime), trigger["name"]
        assert trigger["status"] == "active"


@every_pipeline
def test_no_trigger_carries_a_token(folder: Path) -> None:
    assert not [trigger["name"] for trigger in read(folder / "triggers.yaml")["triggers"] if trigger.get("token")]


@every_pipeline
def test_a_schedule_skips_what_it_missed_and_cannot_hang_forever(folder: Path) -> None:
    for trigger in read(folder / "triggers.yaml")["triggers"]:
        if trigger["schedule_type"] == "time":
            assert trigger["settings"]["skip_if_previous_running"] is True
            assert trigger["settings"]["timeout"] > 0
            assert trigger["settings"]["timeout_status"] == "failed"


def test_trips_are_loaded_every_minute_and_on_demand() -> None:
    triggers = read(PROJECT / "pipelines" / "trips_to_bigquery" / "triggers.yaml")["triggers"]
    assert {trigger["name"]: trigger["schedule_interval"] for trigger in triggers} == {
        "every_minute": "*/1 * * * *",
        "on_demand": None,
    }
    assert {trigger["name"]: trigger["schedule_type"] for trigger in triggers} == {
        "every_minute": "time",
        "on_demand": "api",
    }


def test_every_block_file_belongs_to_a_pipeline() -> None:
    named = {
        block_file(block)
        for folder in PIPELINES
        for pipeline in [read(folder / "metadata.yaml")]
        for block in [*pipeline["blocks"], *add_ons(pipeline)]
    }
    present = {path for folder in FOLDER_OF_TYPE.values() for path in (PROJECT / folder).glob("*.py")}
    assert named == present


def test_the_form_of_a_rebuild_asks_for_its_variables_and_offers_what_can_be_built() -> None:
    form = read(PROJECT / "interactions" / "rebuild.yaml")
    pipeline = read(PROJECT / "pipelines" / "rebuild" / "metadata.yaml")
    assert set(form["variables"]) == set(pipeline["variables"]) == set(Request._fields)
    assert {option["value"] for option in form["inputs"]["layer"]["options"]} == set(REBUILDS)
    assert {item["variable"] for row in form["layout"] for item in row} == set(form["variables"])
    assert {variable["input"] for variable in form["variables"].values()} == set(form["inputs"])
    shown = read(PROJECT / "pipelines" / "rebuild" / "interactions.yaml")
    assert set(shown["blocks"]) <= {block["uuid"] for block in pipeline["blocks"]}
    assert read(PROJECT / "metadata.yaml")["features"]["interactions"] is True


@every_pipeline
def test_every_pipeline_can_be_started_by_the_api(folder: Path) -> None:
    triggers = {trigger["name"]: trigger for trigger in read(folder / "triggers.yaml")["triggers"]}
    assert triggers["on_demand"]["schedule_type"] == "api"
