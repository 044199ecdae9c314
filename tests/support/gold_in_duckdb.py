"""Gold in DuckDB: the tables and types of the warehouse's DDL, where SQL that is not BigQuery's own can be asked."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import duckdb
import pyarrow as pa

from powerbi.checks.contract import committed_gold
from powerbi.evaluate import Reader, Rows

_DUCKDB = {"INT64": "BIGINT", "FLOAT64": "DOUBLE", "NUMERIC": "DECIMAL(18, 4)", "BOOL": "BOOLEAN", "STRING": "VARCHAR"}
_ARROW = {
    "INT64": pa.int64(),
    "FLOAT64": pa.float64(),
    "NUMERIC": pa.decimal128(18, 4),
    "BOOL": pa.bool_(),
    "STRING": pa.string(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
}


class GoldInDuckDb:
    """Answers SQL and the model's reads from memory; empty at first."""

    def __init__(self) -> None:
        self.connection = duckdb.connect()
        for name, table in committed_gold().items():
            if table.columns:
                columns = ", ".join(f"{column} {_DUCKDB.get(kind, kind)}" for column, kind in table.columns.items())
                self.connection.execute(f"CREATE TABLE {name} ({columns})")

    @classmethod
    def copy(cls, read: Reader, tables: Sequence[str]) -> Self:
        """Return a copy of these tables, every column."""
        gold, there = cls(), committed_gold()
        for name in tables:
            kinds = there[name].columns
            rows = read(name, list(kinds))
            columns = zip(*rows, strict=True) if rows else ([] for _ in kinds)
            arrays = [
                pa.array(map(_naive, values), _ARROW[kind])
                for values, kind in zip(columns, kinds.values(), strict=True)
            ]
            gold.connection.register("copied", pa.table(arrays, names=list(kinds)))
            gold.connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM copied")  # noqa: S608 - names of our own
            gold.connection.unregister("copied")
        return gold

    @classmethod
    def restore(cls, folder: Path) -> Self:
        """Return what `save` wrote."""
        gold = cls()
        for file in sorted(folder.glob("*.parquet")):
            gold.connection.execute(f"INSERT INTO {file.stem} BY NAME SELECT * FROM read_parquet(?)", [str(file)])  # noqa: S608 - names of our own
        return gold

    def save(self, folder: Path) -> None:
        """Write every table as Parquet."""
        folder.mkdir(parents=True)
        for (name,) in self.query("SELECT table_name FROM duckdb_tables()"):
            self.connection.execute(f"COPY {name} TO '{folder / name}.parquet' (FORMAT parquet)")

    def read(self, table: str, columns: Sequence[str]) -> Rows:
        """Read columns of a table, as `powerbi.evaluate.Reader`."""
        return self.query(f"SELECT {', '.join(columns)} FROM {table}")  # noqa: S608 - names of our own

    def query(self, text: str) -> Rows:
        """Return the rows of a query."""
        return self.connection.execute(text).fetchall()


def _naive(value: Any) -> Any:
    """Return instants as UTC without a zone, as the model has them."""
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value
