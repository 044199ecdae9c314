"""Datasets, tables and views of the warehouse: created once, and again only when their SQL has changed."""

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
    ]
)
SEED_SCHEMA = [
    SchemaField("number", "INT64", mode="REQUIRED"),
    SchemaField("name", "STRING", mode="REQUIRED"),
    SchemaField("side", "STRING", mode="REQUIRED"),
]


def definitions() -> list[str]:
    """Return the names of the DDL files for `load_sql`, in the order in which they run."""
    return [f"bigquery/ddl/{file.stem}" for file in sorted((SQL_FOLDER / "bigquery" / "ddl").glob("*.sql"))]


def checksum(target: Target) -> str:
    """Return what changes whenever a definition, the seed or the city's time zone does."""
    parts = [target.time_zone, *(load_sql(name) for name in [*definitions(), "bigquery/seed/dim_zone"])]
    return hashlib.sha256("\n".join([*parts, SEED_FILE.read_text(encoding="utf-8")]).encode()).hexdigest()


def prepare(bigquery: BigQuery, target: Target, *, now: datetime) -> None:
    """Create what is missing, and fill `dim_zone`. Running it again changes nothing.

    Raises PoisonError, TransientError, FatalError by BigQuery's reason.
    """
    for name, description in DESCRIPTIONS.items():
        bigquery.ensure_dataset(target.dataset(name), description)
    for name in definitions():
        bigquery.query(render(load_sql(name), target), "prepare")
    _load_zones(bigquery, target, expires=now + timedelta(days=1))


def _load_zones(bigquery: BigQuery, target: Target, *, expires: datetime) -> None:
    zones = pyarrow.csv.read_csv(SEED_FILE).cast(SEED_COLUMNS)
    content = hashlib.sha256(SEED_FILE.read_bytes()).hexdigest()[:16]
    seed = f"{target.dataset('bronze')}.seed_zone"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "zones.parquet"
        pq.write_table(zones, file)
        job_id = f"tripline_seed_{target.prefix}{content}"
        bigquery.load_parquet(ParquetLoad(file, seed, SEED_SCHEMA, zones.num_rows, job_id, expires))
    bigquery.query(render(load_sql("bigquery/seed/dim_zone"), target, tables={"seed": seed}), "prepare")
    bigquery.drop_table(seed)
