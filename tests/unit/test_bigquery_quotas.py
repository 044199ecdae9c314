"""What Tripline asks of BigQuery's quotas, by arithmetic on trigger and code: docs/bigquery.md says the same."""

import re
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml

from warehouse.merge import MAXIMUM_PARTITIONS
from warehouse.names import Target

ROOT = Path(__file__).resolve().parents[2]
PIPELINE = ROOT / "mage_project" / "pipelines" / "trips_to_bigquery"
PAGE = (ROOT / "docs" / "bigquery.md").read_text(encoding="utf-8")
MINUTES_A_DAY = 24 * 60
FILES_OF_A_WINDOW = 2
LOADS_A_TABLE_AND_DAY = 1_500
LOADS_A_PROJECT_AND_DAY = 100_000
PARTITIONS_OF_A_JOB = 4_000


def read(name: str) -> Any:
    return yaml.safe_load((PIPELINE / name).read_text(encoding="utf-8"))


def windows_a_day() -> int:
    """Return how many runs the schedule starts, each of one window at the most."""
    (interval,) = [each["schedule_interval"] for each in read("triggers.yaml")["triggers"] if each["schedule_interval"]]
    every = re.fullmatch(r"\*/(\d+) \* \* \* \*", interval)
    assert every, interval
    return MINUTES_A_DAY // int(every[1])


def tries() -> int:
    """Return how often a run tries to load."""
    (stage,) = [block for block in read("metadata.yaml")["blocks"] if block["uuid"] == "stage"]
    return 1 + int(stage["retry_config"]["retries"])


def test_loads_stay_below_half_of_what_a_table_and_a_project_are_allowed() -> None:
    target = Target("acme", "")
    one, other = (target.staging(UUID(int=number).hex) for number in (1, 2))
    assert one != other, "two windows share a staging table"
    assert tries() <= LOADS_A_TABLE_AND_DAY // 2
    loads = windows_a_day() * FILES_OF_A_WINDOW * tries()
    assert loads <= LOADS_A_PROJECT_AND_DAY // 2
    assert f"| {LOADS_A_PROJECT_AND_DAY:,} load jobs a project and day | {loads:,}: " in PAGE
    assert f"| {LOADS_A_TABLE_AND_DAY:,} load jobs a table and day, failed ones included | {tries()} for " in PAGE


def test_a_job_changes_half_as_many_partitions_as_it_may() -> None:
    assert MAXIMUM_PARTITIONS <= PARTITIONS_OF_A_JOB // 2
    assert f"| {PARTITIONS_OF_A_JOB:,} partitions changed by a job | {MAXIMUM_PARTITIONS:,}: " in PAGE
