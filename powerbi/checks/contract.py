"""The model against gold: every column that it loads is there, with the type that Power BI will make of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import sqlglot
from sqlglot import expressions as sql

from contracts.sql import SQL_FOLDER
from powerbi.checks.finding import Finding
from powerbi.model import Column, Model, Table

DDL_FOLDER = SQL_FOLDER / "bigquery" / "ddl"

MODEL_TYPE = {
    "DATE": "dateTime",
    "TIMESTAMP": "dateTime",
    "INT64": "int64",
    "NUMERIC": "decimal",
    "FLOAT64": "double",
    "BOOL": "boolean",
    "STRING": "string",
}
"""What Power BI's BigQuery connector makes of a type. No DATETIME, BIGNUMERIC, STRUCT, ARRAY or JSON may be in gold."""


@dataclass
class GoldTable:
    """A table or view of gold: `kind` as M calls it, and its columns with BigQuery's types."""

    kind: str
    columns: dict[str, str] = field(default_factory=dict)


Gold = dict[str, GoldTable]


def read_ddl(files: Iterable[Path]) -> Gold:
    """Return the tables of gold that DDL files make; a view has no columns here, as its SQL does not name types."""
    gold: Gold = {}
    for path in files:
        for statement in sqlglot.parse(path.read_text(encoding="utf-8").replace("{gold}", "gold"), read="bigquery"):
            table = statement.find(sql.Table) if statement else None
            if statement is None or table is None or table.db != "gold":
                continue
            kind = "View" if isinstance(statement, sql.Create) and statement.kind == "VIEW" else "Table"
            entry = gold.setdefault(table.name, GoldTable(kind))
            for column in statement.find_all(sql.ColumnDef) if kind == "Table" else ():
                entry.columns[column.name] = _type(column)
    return gold


def committed_gold() -> Gold:
    """Return what the warehouse's DDL makes."""
    return read_ddl(sorted(DDL_FOLDER.glob("*.sql")))


def check_contract(model: Model, gold: Mapping[str, GoldTable]) -> Iterator[Finding]:
    """Compare each table of the model with gold."""
    for table in model.tables:
        if table.rows:
            continue
        found = gold.get(table.gold)
        if found is None:
            yield Finding("GOLD_TABLE_MISSING", table.name, f"gold has no {table.gold or 'table for it'}")
            continue
        if found.kind != table.kind:
            yield Finding("GOLD_KIND", table.name, f"{table.gold} is a {found.kind}, the query asks for a {table.kind}")
        if found.columns:
            yield from _columns(table, found)


def _columns(table: Table, gold: GoldTable) -> Iterator[Finding]:
    for column in table.columns:
        there = gold.columns.get(column.source)
        if there is None:
            yield Finding("GOLD_COLUMN_MISSING", str(column), f"{table.gold} has no column {column.source}")
        elif MODEL_TYPE.get(there) != column.type:
            yield Finding("GOLD_TYPE", str(column), f"{there} in gold cannot be {column.type} in the model")
        elif there == "DATE" and not _is_day(column):
            yield Finding("GOLD_TYPE", str(column), "a day must be formatted as one")


def _is_day(column: Column) -> bool:
    return column.format == "yyyy-mm-dd"


def _type(column: sql.ColumnDef) -> str:
    kind = column.kind
    name = kind.sql(dialect="bigquery") if kind else ""
    return name.split("(", 1)[0]
