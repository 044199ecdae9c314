"""docs/mage.md names the pipelines, schedules, variables and fields of alerts that exist."""

import re
from pathlib import Path
from typing import Any

import yaml

from contracts.settings import MageSettings
from mage_project.alerts import Alert

ROOT = Path(__file__).resolve().parents[2]
PIPELINES = ROOT / "mage_project" / "pipelines"
PAGE = (ROOT / "docs" / "mage.md").read_text(encoding="utf-8")


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


def schedule(folder: Path) -> str:
    triggers = read(folder / "triggers.yaml")["triggers"]
    intervals = [f"`{trigger['schedule_interval']}`" for trigger in triggers if trigger["schedule_type"] == "time"]
    return ", ".join(intervals) or "none"


def test_every_pipeline_stands_with_its_blocks_and_its_schedule() -> None:
    rows = {
        (name, tuple(blocks.split(" → ")), when)
        for name, blocks, when in re.findall(r"^\| `(\w+)` \| ([\w →]+) \| ([^|]+) \|", PAGE, re.MULTILINE)
    }
    assert rows == {
        (folder.name, tuple(block["uuid"] for block in read(folder / "metadata.yaml")["blocks"]), schedule(folder))
        for folder in PIPELINES.iterdir()
    }


def test_every_variable_stands_in_the_table() -> None:
    table = PAGE.split("| variable | |", 1)[1].split("\n\n", 1)[0]
    named = set(re.findall(r"`(\w+)`", "".join(row.split("|")[1] for row in table.splitlines()[2:])))
    assert named == {name for each in PIPELINES.glob("*/metadata.yaml") for name in read(each).get("variables", {})}


def test_alerts_are_described_with_their_settings_and_fields() -> None:
    section = PAGE.split("## Alerts", 1)[1].split("\n## ", 1)[0]
    assert {name for name, field in MageSettings.names().items() if field.endswith("webhook_url")} <= set(
        re.findall(r"TRIPLINE_\w+", section)
    )
    assert {"text", *Alert._fields} <= set(re.findall(r"`(\w+)`", section))
