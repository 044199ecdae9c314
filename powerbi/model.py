"""The semantic model as typed objects, read from its TMDL files."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from powerbi import MODEL_FOLDER
from powerbi.tmdl import Node, read_folder, split_column, unquote

_GOLD_OBJECT = re.compile(r'Gold\{\[Name = "(?P<name>\w+)", Kind = "(?P<kind>\w+)"\]\}')
_LITERAL_ROW = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Column:
    """A column of the model; `source` is its name in gold."""

    table: str
    name: str
    type: str
    source: str
    description: str
    hidden: bool
    key: bool
    format: str
    summarize_by: str
    sort_by: str
    in_mdx: bool

    def __str__(self) -> str:
        """`'Table'[Column]`, as DAX writes it."""
        return f"'{self.table}'[{self.name}]"


@dataclass(frozen=True)
class Measure:
    """A measure: DAX and how its value is shown."""

    table: str
    name: str
    dax: str
    format: str
    folder: str
    description: str

    def __str__(self) -> str:
        """`[Measure]`, as DAX writes it."""
        return f"[{self.name}]"


@dataclass(frozen=True)
class Table:
    """A table; `gold` is the table or view it is loaded from, `kind` which of the two the M query asks for."""

    name: str
    description: str
    columns: tuple[Column, ...]
    measures: tuple[Measure, ...]
    hierarchies: dict[str, tuple[str, ...]]
    is_date_table: bool
    m: str
    gold: str
    kind: str
    rows: tuple[tuple[str | int, ...], ...]
    """The rows themselves, when the M query spells them out (`#table`) instead of asking gold."""

    def column(self, name: str) -> Column | None:
        """Return the column of that name."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True)
class Relationship:
    """Many rows of `source` for one of `target`, filtering from one to many."""

    name: str
    source: tuple[str, str]
    target: tuple[str, str]
    active: bool
    both_directions: bool


@dataclass(frozen=True)
class Role:
    """A role and the DAX that filters each table it restricts."""

    name: str
    filters: dict[str, str]


@dataclass(frozen=True)
class Model:
    """The whole semantic model."""

    tables: tuple[Table, ...]
    relationships: tuple[Relationship, ...]
    roles: tuple[Role, ...]
    parameters: dict[str, str]
    named_tables: tuple[str, ...]
    """Tables in the order that model.tmdl refers to them."""

    def table(self, name: str) -> Table | None:
        """Return the table of that name."""
        return next((table for table in self.tables if table.name == name), None)

    def measures(self) -> Iterator[Measure]:
        """Return the measures of all tables."""
        return (measure for table in self.tables for measure in table.measures)

    def column(self, table: str, name: str) -> Column | None:
        """Return a column, or None."""
        found = self.table(table)
        return found.column(name) if found else None

    def measure(self, name: str) -> Measure | None:
        """Return the measure of that name, or None."""
        return next((measure for measure in self.measures() if measure.name == name), None)


def read_model(folder: Path = MODEL_FOLDER) -> Model:
    """Return the model of a `.SemanticModel` folder.

    Raises BadInputError for text that is not TMDL.
    """
    root = read_folder(folder / "definition")
    return Model(
        tables=tuple(_table(node) for node in root.all("table")),
        relationships=tuple(_relationship(node) for node in root.all("relationship")),
        roles=tuple(
            Role(node.name, {each.name: each.value for each in node.all("tablePermission")})
            for node in root.all("role")
        ),
        parameters={node.name: node.value for node in root.all("expression")},
        named_tables=tuple(node.name for node in root.children if node.kind == "table" and node.reference),
    )


def _table(node: Node) -> Table:
    m = next((partition.properties.get("source", "") for partition in node.all("partition")), "")
    gold = _GOLD_OBJECT.search(m)
    return Table(
        name=node.name,
        description=node.description,
        columns=tuple(_column(node.name, each) for each in node.all("column")),
        measures=tuple(_measure(node.name, each) for each in node.all("measure")),
        hierarchies={
            each.name: tuple(unquote(level.properties.get("column", "")) for level in each.all("level"))
            for each in node.all("hierarchy")
        },
        is_date_table=node.properties.get("dataCategory") == "Time",
        m=m,
        gold=gold["name"] if gold else "",
        kind=gold["kind"] if gold else "",
        rows=tuple(_literal_row(row) for row in _LITERAL_ROW.findall(m)) if "#table(" in m else (),
    )


def _literal_row(text: str) -> tuple[str | int, ...]:
    cells: list[str | int] = json.loads(f"[{text}]")
    return tuple(cells)


def _column(table: str, node: Node) -> Column:
    of = node.properties
    return Column(
        table=table,
        name=node.name,
        type=of.get("dataType", ""),
        source=of.get("sourceColumn", ""),
        description=node.description,
        hidden="isHidden" in of,
        key="isKey" in of,
        format=of.get("formatString", ""),
        summarize_by=of.get("summarizeBy", "default"),
        sort_by=unquote(of.get("sortByColumn", "")),
        in_mdx=of.get("isAvailableInMdx") != "false",
    )


def _measure(table: str, node: Node) -> Measure:
    of = node.properties
    return Measure(
        table, node.name, node.value, of.get("formatString", ""), of.get("displayFolder", ""), node.description
    )


def _relationship(node: Node) -> Relationship:
    of = node.properties
    return Relationship(
        name=node.name,
        source=split_column(of.get("fromColumn", "")),
        target=split_column(of.get("toColumn", "")),
        active=of.get("isActive") != "false",
        both_directions=of.get("crossFilteringBehavior") == "bothDirections",
    )
