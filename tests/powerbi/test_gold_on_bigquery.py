"""The model against BigQuery itself (the emulator): gold's real columns.

The report's numbers are held against a warehouse with trips in tests/e2e.
"""

from datetime import UTC, datetime

import pytest

from contracts.settings import BigQuerySettings
from powerbi.checks.contract import Gold, GoldTable, check_contract, committed_gold
from powerbi.model import read_model
from tests.services.own import own_datasets, unique_name
from warehouse.bigquery import connect
from warehouse.names import Target
from warehouse.schema import prepare


@pytest.fixture(scope="module")
def gold_there(bigquery_server: BigQuerySettings) -> Gold:
    """What INFORMATION_SCHEMA says of gold, views included."""
    gold: Gold = {}
    with own_datasets(bigquery_server, unique_name()) as settings:
        warehouse, target = connect(settings), Target.of(settings)
        prepare(warehouse, target, now=datetime.now(UTC))
        dataset = target.dataset("gold")
        sql = f"""
            SELECT table_name, table_type, column_name, data_type
            FROM `{dataset}`.INFORMATION_SCHEMA.COLUMNS
            INNER JOIN `{dataset}`.INFORMATION_SCHEMA.TABLES USING (table_name)
        """  # noqa: S608
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
