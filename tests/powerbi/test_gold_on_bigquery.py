"""The model against BigQuery itself (the emulator): gold's real columns, and a preview read from real tables."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from contracts.settings import BigQuerySettings
from powerbi.checks.contract import Gold, GoldTable, check_contract, committed_gold
from powerbi.model import read_model
from tests.support.commands import run
from tests.support.report_numbers import verify_preview
from warehouse.bigquery import BigQuery, connect
from warehouse.names import Target
from warehouse.schema import prepare


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
    assert list(check_contract(read_model(), gold_there)) == []


@pytest.mark.timeout(300)
def test_every_number_on_every_page_equals_sql_for_a_simulated_month(
    environment: dict[str, str], bigquery_settings: BigQuerySettings, tmp_path: Path
) -> None:
    size = ("--start", "2026-03-01T00:00", "--trips-per-day", "16", "--limit", "500")
    dirt = ("--dirt", "corrected=0.08", "--dirt", "voided=0.05", "--dirt", "malformed=0.02")
    run(environment, "consumer", "migrate")
    run(environment, "producer", "simulate", *size, *dirt)
    run(environment, "consumer", "run", "--until-end")
    for step in ("run", "forecast", "check"):
        run(environment, "warehouse", step)
    verify_preview(environment, bigquery_settings, tmp_path)
