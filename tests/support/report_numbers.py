"""Every number that the report shows, held against SQL on the gold that it was read from."""

import json
from collections.abc import Set
from datetime import date, datetime
from pathlib import Path

from contracts.settings import BigQuerySettings
from powerbi.evaluate import Measures
from powerbi.gold import gold_reader
from powerbi.model import Model, read_model
from powerbi.pbir import Report, Visual, read_report
from powerbi.preview.data import Shown, Slice, shown
from tests.support.commands import run_json
from tests.support.gold_in_duckdb import GoldInDuckDb
from tests.support.measure_sql import MeasureSql, equal


def visuals_with_numbers(report: Report) -> list[Visual]:
    """Return what shows measures."""
    return [visual for visual in report.visuals() if visual.roles and visual.kind != "slicer"]


def verify_numbers(visual: Visual, measures: Measures, sql: MeasureSql) -> Shown:
    """Hold each number of a visual against SQL, and return what it shows."""
    made = shown(visual, measures)
    for row in made.rows:
        for name, value in row.values.items():
            expected = sql.value(name, row.slice)
            assert equal(value, expected), (visual.title, name, row.slice, value, expected)
    return made


def verify_preview(
    environment: dict[str, str], settings: BigQuerySettings, folder: Path, *, empty: Set[str] = frozenset()
) -> None:
    """Draw the report of a warehouse, and hold every number on every page against SQL on its gold.

    `empty` are the visuals that have nothing to show.
    """
    assert run_json(environment, "powerbi", "preview", "--folder", str(folder))["images"] == 5
    assert "Preview, not Power BI" in (folder / "index.html").read_text(encoding="utf-8")
    verify_drawn(folder, copy_of_gold(settings), empty=empty)


def copy_of_gold(settings: BigQuerySettings) -> GoldInDuckDb:
    """Copy the tables of a warehouse that the model reads."""
    tables = sorted({table.gold for table in read_model().tables if not table.rows})
    return GoldInDuckDb.copy(gold_reader(settings), tables)


def verify_drawn(folder: Path, gold: GoldInDuckDb, *, empty: Set[str] = frozenset()) -> None:
    """Hold every number of the report that was drawn in `folder` against SQL on the gold that it was drawn from."""
    model, sql = read_model(), MeasureSql(gold)
    drawn = json.loads((folder / "values.json").read_text(encoding="utf-8"))
    titles = {visual.title for visual in visuals_with_numbers(read_report())}
    assert {each["visual"] for each in drawn} == titles - empty
    for each in drawn:
        slice_ = _slice(model, each["slice"])
        for name, value in each["values"].items():
            expected = sql.value(name, slice_)
            shown_value = datetime.fromisoformat(value) if isinstance(expected, date) and value else value
            assert equal(shown_value, expected), (each["page"], each["visual"], name, each["slice"], value, expected)


def _slice(model: Model, texts: dict[str, object]) -> Slice:
    """Return a slice as the model has it, from its names and its values in JSON."""
    columns = {str(column): column for table in model.tables for column in table.columns}
    return {
        columns[name]: datetime.fromisoformat(str(value)) if columns[name].type == "dateTime" else value
        for name, value in texts.items()
    }
