"""What the DDL says of its tables: one column a line, which a few patterns can read."""

import re
from functools import cache
from typing import NamedTuple

from contracts.sql import SQL_FOLDER, load_sql

_TABLE = re.compile(r"CREATE TABLE IF NOT EXISTS `\{(\w+)\}\.(\w+)` \(\n")
_COLUMN = re.compile(
    r"  (?P<name>\w+) (?P<type>ARRAY<\w+>|\w+(?:\(\d+, \d+\))?)(?P<required> NOT NULL)?"
    r" OPTIONS \(description = '[^'\n]*'\),?\n"
)
_PARTITION = re.compile(r"^PARTITION BY (\w+)$", re.MULTILINE)


class DefinedColumn(NamedTuple):
    """A column; `clause` is its line of the DDL, as ALTER TABLE takes it."""

    name: str
    type: str
    required: bool
    clause: str


class Definition(NamedTuple):
    """A table, `dataset.table`, as its DDL has it; `partition` is empty when it has none."""

    table: str
    columns: tuple[DefinedColumn, ...]
    partition: str


def definitions() -> list[str]:
    """Return the names of the DDL files for `load_sql`, in the order in which they run."""
    return [f"bigquery/ddl/{file.stem}" for file in sorted((SQL_FOLDER / "bigquery" / "ddl").glob("*.sql"))]


@cache
def definition_of(sql: str) -> Definition | None:
    """Return what a CREATE TABLE says; None for a view. Raises ValueError for a line that is no column."""
    head = _TABLE.match(sql)
    if head is None:
        return None
    body, end = sql[head.end() :].split("\n)\n", 1)
    lines = [f"{line}\n" for line in body.split("\n")]
    found = [_COLUMN.fullmatch(line) for line in lines]
    columns = []
    for line, match in zip(lines, found, strict=True):
        if match is None:
            raise ValueError(f"Not one column: {line!r}")
        required = match["required"] is not None
        columns.append(DefinedColumn(match["name"], match["type"], required, line.strip().rstrip(",")))
    partition = _PARTITION.search(end)
    return Definition(f"{head[1]}.{head[2]}", tuple(columns), partition[1] if partition else "")


def defined_tables() -> dict[str, Definition]:
    """Return every table that the DDL makes, by `dataset.table`; views are left out."""
    found = [definition_of(load_sql(name)) for name in definitions()]
    return {each.table: each for each in found if each is not None}
