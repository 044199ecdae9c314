"""Read gold's tables from BigQuery, as the model's import does."""

import re
from collections.abc import Sequence
from typing import Any

from contracts.settings import BigQuerySettings
from powerbi.evaluate import Reader, Rows
from warehouse.bigquery import connect
from warehouse.names import Target

_NAME = re.compile(r"[a-z_][a-z0-9_]*")


def gold_reader(settings: BigQuerySettings) -> Reader:
    """Return a reader of the gold that the settings name.

    Raises UnreachableError when BigQuery does not answer; the reader raises FatalError for a table that is not there.
    """
    bigquery, dataset = connect(settings), Target.of(settings).dataset("gold")

    def read(table: str, columns: Sequence[str]) -> Rows:
        for name in (table, *columns):
            if not _NAME.fullmatch(name):
                raise ValueError(f"Not a name of gold: {name!r}")
        sql = f"SELECT {', '.join(columns)} FROM `{dataset}.{table}`"  # noqa: S608 - names checked above
        return [_values(row, columns) for row in bigquery.stream(sql, f"report_{table}")]

    return read


def _values(row: dict[str, Any], columns: Sequence[str]) -> tuple[Any, ...]:
    return tuple(row[column] for column in columns)
