"""Run the model's own DAX locally, on rows read from gold.

The engine (pbix-mcp) is a re-implementation of DAX, not Power BI: tests hold each measure against SQL.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pbix_mcp.dax import engine

from contracts.errors import FatalError
from powerbi.model import Column, Measure, Model, Table

_ENGINE = engine._engine  # noqa: SLF001 - it has no other way to say what it could not run

Rows = list[tuple[Any, ...]]
Reader = Callable[[str, Sequence[str]], Rows]
"""Reads columns of one table of gold: `read("dim_hour", ["hour_key", "hour_label"])`."""
Filters = Mapping[Column, Sequence[Any]]
"""For each filtered column the values that are kept."""


class Measures:
    """The measures of a model over its tables, which are read from gold at the start."""

    def __init__(self, model: Model, read: Reader) -> None:
        self.model = model
        self._dax = {measure.name: measure.dax for measure in model.measures()}
        self._home = {measure.name: measure.table for measure in model.measures()}
        self._tables = {table.name: _load(table, read) for table in model.tables}
        engine.mark_currency_columns(
            self._tables,
            {table.name: [each.name for each in table.columns if each.type == "decimal"] for table in model.tables},
        )
        self._relationships = [
            {
                "FromTable": each.source[0],
                "FromColumn": each.source[1],
                "ToTable": each.target[0],
                "ToColumn": each.target[1],
                "IsActive": int(each.active),
            }
            for each in model.relationships
        ]
        self._date_tables = {
            table.name: column.name
            for table in model.tables
            if table.is_date_table
            for column in table.columns
            if column.key
        }
        self._cache: dict[Any, Any] = {}

    def evaluate(
        self, measures: Iterable[Measure], filters: Filters | None = None, group: Iterable[Column] = ()
    ) -> dict[str, Any]:
        """Return each measure's value where `filters` hold; `group` says which of them are a visual's own rows.

        Raises FatalError for DAX that the engine cannot run.
        """
        names = [measure.name for measure in measures]
        _ENGINE.eval_errors.clear()
        _ENGINE.unsupported_functions.clear()
        context = {f"{column.table}.{column.name}": list(values) for column, values in (filters or {}).items()}
        values = engine.evaluate_measures_batch(
            names,
            self._tables,
            self._dax,
            filter_context=context,
            group_keys={f"{column.table}.{column.name}" for column in group},
            relationships=self._relationships,
            date_tables=self._date_tables,
            measure_tables=self._home,
            cache=self._cache,
        )
        problems = {**_ENGINE.eval_errors, **dict.fromkeys(_ENGINE.unsupported_functions, "unsupported")}
        if problems:
            name, reason = next(iter(problems.items()))
            raise FatalError(f"The local engine cannot run DAX: {reason}", where=str(name))
        return {name: _number(value) for name, value in values.items()}

    def values(self, column: Column) -> list[Any]:
        """Return the distinct values of a column, sorted by its sort column when it has one."""
        table = self._tables[column.table]
        at = table["columns"].index(column.name)
        by = table["columns"].index(column.sort_by or column.name)
        order = {row[at]: row[by] for row in table["rows"] if row[at] is not None and row[by] is not None}
        return sorted(order, key=lambda value: order[value])

    def rows(self, columns: Sequence[Column]) -> list[tuple[Any, ...]]:
        """Return the distinct combinations that occur of columns of one table, sorted."""
        table = self._tables[columns[0].table]
        at = [table["columns"].index(column.name) for column in columns]
        return sorted({tuple(row[index] for index in at) for row in table["rows"]}, key=str)


def _load(table: Table, read: Reader) -> dict[str, Any]:
    rows = list(table.rows) or read(table.gold, [column.source for column in table.columns])
    return {
        "columns": [column.name for column in table.columns],
        "rows": [[_cell(value) for value in row] for row in rows],
    }


def _cell(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return datetime(value.year, value.month, value.day) if isinstance(value, date) else value  # noqa: DTZ001 - a day


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, float) else value
