"""The model against BigQuery itself (the emulator): gold's real columns, and a preview read from real tables."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlglot

from contracts.settings import BigQuerySettings, child_environment
from powerbi import FOLDER
from powerbi.checks.contract import (
    AWAITED,
    Gold,
    GoldTable,
    awaited_gold,
    check_contract,
    committed_gold,
    expected_gold,
)
from powerbi.model import read_model
from tests.support.simulated_gold import SimulatedGold
from warehouse.bigquery import BigQuery, connect
from warehouse.names import Target, render
from warehouse.schema import prepare

TRIPS = 400


@pytest.fixture
def warehouse(bigquery_settings: BigQuerySettings) -> BigQuery:
    bigquery = connect(bigquery_settings)
    prepare(bigquery, Target.of(bigquery_settings), now=datetime.now(UTC))
    return bigquery


@pytest.fixture
def gold_there(warehouse: BigQuery, bigquery_settings: BigQuerySettings) -> Gold:
    """What INFORMATION_SCHEMA says of gold, views included."""
    dataset = Target.of(bigquery_settings).dataset("gold")
    sql = f"""
        SELECT table_name, table_type, column_name, data_type
        FROM `{dataset}`.INFORMATION_SCHEMA.COLUMNS
        INNER JOIN `{dataset}`.INFORMATION_SCHEMA.TABLES USING (table_name)
    """  # noqa: S608
    gold: Gold = {}
    for row in warehouse.query(sql, "columns"):
        kind = "View" if row["table_type"] == "VIEW" else "Table"
        table = gold.setdefault(row["table_name"], GoldTable(kind))
        table.columns[row["column_name"]] = row["data_type"].partition("(")[0]
    return gold


def test_golds_columns_are_what_its_ddl_says(gold_there: Gold) -> None:
    assert {name: each for name, each in gold_there.items() if each.kind == "Table"} == {
        name: each for name, each in committed_gold().items() if each.kind == "Table"
    }


def test_the_model_loads_what_gold_has(gold_there: Gold) -> None:
    for name, table in awaited_gold().items():
        gold_there.setdefault(name, GoldTable(table.kind)).columns.update(table.columns)
    assert list(check_contract(read_model(), gold_there)) == []


def test_the_preview_of_bigquery_equals_sql_there(
    warehouse: BigQuery, bigquery_settings: BigQuerySettings, tmp_path: Path
) -> None:
    target = Target.of(bigquery_settings)
    complete_gold(warehouse, target)
    command = [sys.executable, "-m", "powerbi", "preview", "--folder", str(tmp_path), "--json"]
    environment = child_environment(bigquery_settings)
    run = subprocess.run(command, cwd=FOLDER.parent, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["images"] == 5
    assert "Preview, not Power BI" in (tmp_path / "index.html").read_text(encoding="utf-8")
    shown = json.loads((tmp_path / "values.json").read_text(encoding="utf-8"))

    def asked(sql: str) -> dict[str, Any]:
        return {row["name"]: row["value"] for row in warehouse.query(render(sql, target), "compare")}

    trips = asked("SELECT 'all' AS name, COUNT(*) AS value FROM `{gold}.fact_trip`")["all"]
    revenue = asked("SELECT 'all' AS name, SUM(revenue) AS value FROM `{gold}.fact_trip`")["all"]
    (figures,) = [each["values"] for each in shown if each["visual"] == "Trips and revenue at a glance"]
    assert (figures["Trips"], figures["Revenue"]) == (trips, pytest.approx(float(revenue)))
    by_side = asked(
        "SELECT side AS name, COUNT(*) AS value FROM `{gold}.fact_trip` "
        "JOIN `{gold}.dim_zone` ON zone_key = pickup_zone_key GROUP BY side"
    )
    sides = [each for each in shown if each["visual"] == "Trips by side of the city"]
    assert {each["slice"]["'Pickup Area'[Side]"]: each["values"]["Trips"] for each in sides} == by_side


def complete_gold(warehouse: BigQuery, target: Target) -> None:
    """Add what gold is still to get, and fill it with made-up rows."""
    for statement in sqlglot.parse(render(AWAITED.read_text(encoding="utf-8"), target), read="bigquery"):
        if statement is not None:
            warehouse.query(statement.sql(dialect="bigquery"), "complete")
    simulated = SimulatedGold([role.name for role in read_model().roles])
    for name, table in expected_gold().items():
        # Fixed dimensions have their rows, and the areas keep them.
        if not table.columns or name == "dim_zone":
            continue
        warehouse.query(render(f"DELETE FROM `{{gold}}.{name}` WHERE TRUE", target), "complete")  # noqa: S608
        limit = {"fact_trip": TRIPS, "forecast_zone_hour": TRIPS}.get(name, 1_000)
        columns = list(table.columns)
        kept = [row for row in simulated.read(name, columns) if name != "fact_trip" or row[1].year == 2026]
        rows = ", ".join(f"({', '.join(map(literal, row))})" for row in kept[:limit])
        if not rows:
            continue
        insert = f"INSERT INTO `{{gold}}.{name}` ({', '.join(columns)}) VALUES {rows}"  # noqa: S608
        warehouse.query(render(insert, target), "complete")


def literal(value: Any) -> str:
    """Return a value as BigQuery writes it."""
    if value is None:
        return "NULL"
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value}+00'"
    if isinstance(value, bool | int | float):
        return str(value)
    return (
        f"DATE '{value}'"
        if hasattr(value, "year")
        else f"NUMERIC '{value}'"
        if hasattr(value, "quantize")
        else repr(value)
    )
