"""What the warehouse's SQL says of its own tables: columns, keys, who fills them, and where each value comes from.

For the documentation alone: it needs sqlglot, which no step does. A column comes from the columns whose values are in
it; those that only join, filter or order are left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import sqlglot
from sqlglot import exp
from sqlglot.lineage import Node, lineage
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope

from contracts.sql import SQL_FOLDER
from warehouse.columns import ACCEPTED_COLUMNS, REJECTED_COLUMNS
from warehouse.forecast.store import COLUMNS as FORECAST_COLUMNS
from warehouse.names import Target, render
from warehouse.schema import SEED_COLUMNS

FOLDER = SQL_FOLDER / "bigquery"
# Where whole partitions are replaced, no ON tells what identifies a row.
KEYS_OF_REPLACED = {
    "silver.provider_day": ("service_date", "provider_id"),
    "gold.agg_zone_hour": ("service_date", "hour_key", "zone_key"),
    "gold.health_rejected": ("day", "reason"),
    "gold.forecast_zone_hour": ("service_date", "hour_key", "zone_key"),
}
_TARGET = Target("tripline", "")
_STAGED = ("staging_event", "staging_rejected", "staging_forecast", "seed")
_TABLES = {name: f"tripline.bronze.{name}" for name in _STAGED}
_DAY = date(2000, 1, 1)

Schema = dict[str, dict[str, str]]
"""Tables as `dataset.name`, their columns, and BigQuery's types."""


class Column(NamedTuple):
    """A column of a table or view; `sources` are `dataset.table.column`, in order of the alphabet."""

    name: str
    type: str
    required: bool
    description: str
    sources: tuple[str, ...]


class Table(NamedTuple):
    """A table or view, `dataset.name`; `writers` are the files that fill it, `reads` the tables that these read."""

    name: str
    is_view: bool
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partition: str
    clustering: tuple[str, ...]
    writers: tuple[str, ...]
    reads: tuple[str, ...]


class _Writer(NamedTuple):
    """A query that fills a table; `taken` says which of its columns each column of the table takes."""

    file: str
    query: exp.Query
    taken: dict[str, str]
    key: tuple[str, ...]


def read_tables() -> list[Table]:
    """Return every table and view that the DDL makes, in its order."""
    created = [(file, _parse(file)) for file in sorted((FOLDER / "ddl").glob("*.sql"))]
    schema = _schema([statement for _, statement in created])
    files = [
        file
        for part in ("seed", "merge", "gold", "forecast", "health")
        for file in sorted((FOLDER / part).glob("*.sql"))
    ]
    merges: dict[str, list[_Writer]] = {}
    for file in files:
        statement = _parse(file)
        if isinstance(statement, exp.Merge):
            merges.setdefault(_name(statement.this), []).append(_merge(file, statement))
    return [_table(file, statement, merges, schema) for file, statement in created]


def _table(file: Path, created: exp.Expr, merges: Mapping[str, Sequence[_Writer]], schema: Schema) -> Table:
    name = _name(created.this.this)
    is_view = created.args["kind"] == "VIEW"
    writers = [_view(file, created.expression)] if is_view else merges.get(name, ())
    properties = created.args["properties"]
    partition, clustering = properties.find(exp.PartitionedByProperty), properties.find(exp.ClusterProperty)
    keys = (KEYS_OF_REPLACED.get(name, ()), *(writer.key for writer in writers))
    read = chain.from_iterable(writer.query.find_all(exp.Table) for writer in writers)
    return Table(
        name=name,
        is_view=is_view,
        description=_description(properties),
        columns=tuple(_columns(name, created.this.expressions, writers, schema)),
        key=next(filter(None, keys), ()),
        partition=partition.name if partition else "",
        clustering=tuple(each.name for each in clustering.expressions) if clustering else (),
        writers=tuple(writer.file for writer in writers),
        reads=tuple(sorted({_name(each) for each in read if each.db} - {name})),
    )


def _columns(
    table: str, definitions: Sequence[exp.ColumnDef], writers: Sequence[_Writer], schema: Schema
) -> list[Column]:
    told = [_origins(writer.query, schema) for writer in writers]
    columns = []
    for definition in definitions:
        found = [
            origins[writer.taken[definition.name].lower()]
            for writer, origins in zip(writers, told, strict=True)
            if definition.name in writer.taken
        ]
        kind = definition.kind.sql("bigquery") if definition.kind else found[0].type
        required = definition.find(exp.NotNullColumnConstraint) is not None
        sources = sorted({source for each in found for source in each.sources if not source.startswith(f"{table}.")})
        columns.append(Column(definition.name, kind, required, _description(definition), tuple(sources)))
    return columns


class _Origin(NamedTuple):
    """What a column of a query is made from, and BigQuery's type of it."""

    sources: frozenset[str]
    type: str


def _origins(query: exp.Query, schema: Schema) -> dict[str, _Origin]:
    query = query.copy()
    for window in query.find_all(exp.Window):
        window.set("partition_by", None)
        window.set("order", None)
    nested: dict[str, object] = {"tripline": _by_dataset(schema)}
    qualified = annotate_types(qualify(query, schema=nested, dialect="bigquery"), schema=nested, dialect="bigquery")
    nodes = lineage(None, qualified, scope=build_scope(qualified), dialect="bigquery", trim_selects=False, copy=False)
    # BigQuery's names of columns know no case, and qualify makes them small.
    return {
        select.alias_or_name.lower(): _Origin(
            sources=frozenset(_leaves(nodes[select.alias_or_name])),
            type=select.type.sql("bigquery") if select.type else "",
        )
        for select in qualified.selects
    }


def _leaves(node: Node) -> Iterator[str]:
    for each in node.walk():
        if not each.downstream and isinstance(each.expression, exp.Table) and each.expression.db:
            yield f"{_name(each.expression)}.{exp.to_column(each.name).name}"


def _view(file: Path, query: exp.Query) -> _Writer:
    return _Writer(_relative(file), query, {name: name for name in query.named_selects}, ())


def _merge(file: Path, merge: exp.Merge) -> _Writer:
    """Read which column takes which of the source's, of INSERT and UPDATE alike; the key is what ON compares."""
    pairs: list[tuple[exp.Expr, exp.Expr]] = []
    for insert in merge.find_all(exp.Insert):
        pairs += zip(insert.this.expressions, insert.expression.expressions, strict=True)
    for update in merge.find_all(exp.Update):
        pairs += [(each.this, each.expression) for each in update.expressions]
    taken = {column.name: value.name for column, value in pairs if isinstance(value, exp.Column) and value.table}
    condition = merge.args["on"]
    conditions = condition.flatten(unnest=False) if isinstance(condition, exp.And) else (condition,)
    key = tuple(each.this.name for each in conditions if isinstance(each, exp.EQ))
    return _Writer(_relative(file), merge.args["using"].this, taken, key)


def _schema(created: Sequence[exp.Expr]) -> Schema:
    tables: Schema = {
        "bronze.staging_event": {
            each.name: f"ARRAY<{each.type}>" if each.mode == "REPEATED" else each.type for each in ACCEPTED_COLUMNS
        },
        "bronze.staging_rejected": {each.name: each.type for each in REJECTED_COLUMNS},
        "bronze.staging_forecast": {each.name: each.field_type for each in FORECAST_COLUMNS},
        "bronze.seed": dict.fromkeys(SEED_COLUMNS.names, "STRING"),
    }
    for each in created:
        columns = each.this.expressions
        name = _name(each.this.this)
        if each.args["kind"] == "VIEW":
            types = {column: origin.type for column, origin in _origins(each.expression, tables).items()}
            tables[name] = {column.name: types[column.name.lower()] for column in columns}
        else:
            tables[name] = {column.name: column.kind.sql("bigquery") for column in columns}
    return tables


def _by_dataset(schema: Schema) -> dict[str, Schema]:
    datasets: dict[str, Schema] = {}
    for name, columns in schema.items():
        dataset, table = name.split(".")
        datasets.setdefault(dataset, {})[table] = columns
    return datasets


def _description(node: exp.Expr) -> str:
    properties = [each for each in node.find_all(exp.Property) if each.name == "description"]
    return str(properties[0].args["value"].name)


def _name(table: exp.Expr) -> str:
    return f"{table.args['db'].name}.{table.name}"


def _relative(file: Path) -> str:
    return str(file.relative_to(FOLDER.parent.parent))


def _parse(file: Path) -> exp.Expr:
    sql = render(file.read_text(encoding="utf-8"), _TARGET, tables=_TABLES, dates=[_DAY])
    return sqlglot.parse_one(sql, dialect="bigquery")
