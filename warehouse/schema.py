"""Datasets, tables, views and fixed dimensions: made once, and again only when their SQL has changed."""

import hashlib
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from google.cloud.bigquery import SchemaField

from contracts.sql import SQL_FOLDER, load_sql
from warehouse.bigquery import BigQuery, ParquetLoad
from warehouse.definitions import definition_of, definitions
from warehouse.evolution import evolve
from warehouse.names import Target, render

DESCRIPTIONS = {
    "bronze": "Tripline: windows on their way in, and events that break the contract.",
    "silver": "Tripline: events and trips, each once, in the units of the contract.",
    "gold": "Tripline: the star schema for reports.",
}
SEED_FILE = SQL_FOLDER / "bigquery" / "seed" / "community_area.csv"
SEED_COLUMNS = pa.schema(
    [
        pa.field("number", pa.int64(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("side", pa.string(), nullable=False),
        pa.field("latitude", pa.float64(), nullable=False),
        pa.field("longitude", pa.float64(), nullable=False),
    ]
)
SEED_SCHEMA = [
    SchemaField("number", "INT64", mode="REQUIRED"),
    SchemaField("name", "STRING", mode="REQUIRED"),
    SchemaField("side", "STRING", mode="REQUIRED"),
    SchemaField("latitude", "FLOAT64", mode="REQUIRED"),
    SchemaField("longitude", "FLOAT64", mode="REQUIRED"),
]


def seeds() -> list[str]:
    """Return the names of the statements that fill the dimensions whose rows do not come from trips."""
    return _files("seed")


def checksum(target: Target) -> str:
    """Return what changes whenever a definition, a seed or the city's time zone does."""
    parts = [target.time_zone, SEED_FILE.read_text(encoding="utf-8"), *map(load_sql, [*definitions(), *seeds()])]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def prepare(bigquery: BigQuery, target: Target, *, now: datetime) -> None:
    """Create what is missing, add columns that are new, fill the fixed dimensions. Running it again changes nothing.

    Raises FatalError for a definition that changed by more than new columns; PoisonError, TransientError, FatalError
    by BigQuery's reason.
    """
    evolve(bigquery, target, create_tables(bigquery, target))
    # Views come after: they may read a column that has just been added.
    for name in definitions():
        if not definition_of(load_sql(name)):
            bigquery.query(render(load_sql(name), target), "prepare")
    areas = f"{target.dataset('bronze')}.seed_zone"
    _load_areas(bigquery, target, areas, expires=now + timedelta(days=1))
    for name in seeds():
        bigquery.query(render(load_sql(name), target, tables={"seed": areas}), "prepare")
    bigquery.drop_table(areas)
    # Unknown members stand before the first trip does.
    for name in ("dim_provider", "dim_vehicle"):
        bigquery.query(render(load_sql(f"bigquery/gold/{name}"), target), "prepare")


def create_tables(bigquery: BigQuery, target: Target) -> set[str]:
    """Create the datasets and tables that are missing; return those, `dataset.table`, that were there."""
    for name, description in DESCRIPTIONS.items():
        bigquery.ensure_dataset(target.dataset(name), description)
    there = standing_tables(bigquery, target)
    for name in definitions():
        definition = definition_of(load_sql(name))
        if definition and definition.table not in there:
            bigquery.query(render(load_sql(name), target), "prepare")
    return there


def standing_tables(bigquery: BigQuery, target: Target) -> set[str]:
    """Return every table and view of the warehouse, `dataset.table`."""
    return {f"{name}.{table}" for name in DESCRIPTIONS for table in bigquery.list_tables(target.dataset(name))}


def _load_areas(bigquery: BigQuery, target: Target, table: str, *, expires: datetime) -> None:
    areas = pyarrow.csv.read_csv(SEED_FILE).cast(SEED_COLUMNS)
    content = hashlib.sha256(SEED_FILE.read_bytes()).hexdigest()[:16]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "areas.parquet"
        pq.write_table(areas, file)
        job_id = f"tripline_seed_{target.prefix}{content}"
        bigquery.load_parquet(ParquetLoad(file, table, SEED_SCHEMA, areas.num_rows, job_id, expires))


def _files(folder: str) -> list[str]:
    return [f"bigquery/{folder}/{file.stem}" for file in sorted((SQL_FOLDER / "bigquery" / folder).glob("*.sql"))]
