"""Rows of a trips file, CSV or Parquet, each with the line where it stands."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from contracts.errors import BadInputError

csv.field_size_limit(1_000_000)


class Row(NamedTuple):
    """One data row: its number in the file (from 1), its line in a CSV (else its number), and its cells."""

    number: int
    line: int
    cells: dict[str, Any]


def read_rows(path: Path, columns: list[str]) -> Iterator[Row]:
    """Yield the rows of a file with at least those columns, a little of the file in memory at a time.

    Raises BadInputError (file, line, column) when the file cannot be read, or is not what its ending says.
    """
    rows = _parquet_rows if path.suffix.lower() in {".parquet", ".pq"} else _csv_rows
    try:
        yield from rows(path, columns)
    except OSError as error:
        raise BadInputError(f"The file cannot be read: {error.strerror or error}", where=str(path)) from error


def _csv_rows(path: Path, columns: list[str]) -> Iterator[Row]:
    # Bytes that are not UTF-8 become surrogates, which the cell that holds them refuses: so the error names the cell.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        reader = csv.reader(file, strict=True)
        number, line = 0, 1
        try:
            header = next(reader, [])
            _verify_header(header, columns, path)
            line = reader.line_num + 1
            for cells in reader:
                if cells:
                    number += 1
                    if len(cells) != len(header):
                        raise BadInputError(
                            f"The row has {len(cells)} fields, the header {len(header)}", where=f"{path}, line {line}"
                        )
                    yield Row(number, line, dict(zip(header, cells, strict=True)))
                line = reader.line_num + 1
        except csv.Error as error:
            raise BadInputError(f"The file is not CSV: {error}", where=f"{path}, line {line}") from error


def _parquet_rows(path: Path, columns: list[str]) -> Iterator[Row]:
    # Imported late: a replay of CSV does without its 60 MB.
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        with pq.ParquetFile(path) as file:
            _verify_header(file.schema_arrow.names, columns, path)
            number = 0
            for batch in file.iter_batches(batch_size=10_000, columns=columns):
                for cells in batch.to_pylist():
                    number += 1
                    yield Row(number, number, cells)
    except pa.ArrowInvalid as error:
        raise BadInputError("The file is not Parquet", where=str(path)) from error


def _verify_header(header: list[str], columns: list[str], path: Path) -> None:
    where = f"{path}, line 1"
    if not header:
        raise BadInputError("The file is empty", where=str(path))
    for column in columns:
        if column not in header:
            raise BadInputError(
                "The file lacks a column that the mapping names",
                where=f"{where}, column {column}",
                remedy="Is it the right file, and the right --mapping?",
            )
        if header.count(column) > 1:
            raise BadInputError("The file has a column twice", where=f"{where}, column {column}")
