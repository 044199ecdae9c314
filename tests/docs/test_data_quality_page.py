"""docs/data-quality.md names every kind, status and setting with its default, and every health table and day check."""

import re

from contracts.settings import QualitySettings
from tests.docs.test_errors_documented import ROOT
from warehouse.day_books import ARRIVAL
from warehouse.definitions import defined_tables
from warehouse.quality import Kind, Status

PAGE = (ROOT / "docs" / "data-quality.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[str]:
    part = PAGE.split(f"| {heading} |", 1)[1].split("\n\n", 1)[0]
    return re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)


def test_every_kind_and_status_is_explained() -> None:
    assert rows("kind") == [kind.value for kind in Kind]
    assert rows("status") == [status.value for status in Status]


def test_every_threshold_is_named_with_its_default() -> None:
    told = dict(re.findall(r"`TRIPLINE_QUALITY_(\w+)` \((-?[\d.]+)", PAGE))
    defaults = {name.upper(): f"{value:g}" if value != 100_000 else "100000" for name, value in QualitySettings()}
    assert told == defaults


def test_every_health_table_and_day_of_arrival_is_told_of() -> None:
    for table in defined_tables():
        if table.startswith("gold.health_"):
            assert f"`{table}`" in PAGE or f"`{table.removeprefix('gold.')}`" in PAGE, table
    for pair in ARRIVAL:
        assert f"`{pair.name}`" in PAGE


def test_what_single_checks_are_called() -> None:
    for name in ("arrivals", "loads", "events", "trips of the last hour", "windows", "topic"):
        assert f"`{name}`" in PAGE
