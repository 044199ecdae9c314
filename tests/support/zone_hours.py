"""Fill gold.agg_zone_hour with made-up demand."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from google.cloud.bigquery import SchemaField

from warehouse.bigquery import BigQuery, ParquetLoad
from warehouse.forecast.history import Count
from warehouse.names import Target, render

_FIELDS = {"service_date": pa.date32(), "hour_key": pa.int64(), "zone_key": pa.int64(), "trips": pa.int64()}
_SCHEMA = [SchemaField(name, "DATE" if name == "service_date" else "INT64", mode="REQUIRED") for name in _FIELDS]
_INSERT = """
INSERT INTO `{gold}.agg_zone_hour`
  (service_date, date_key, hour_key, zone_key, trips, completed, cancelled, revenue, revenue_minor_units)
SELECT service_date, 0, hour_key, zone_key, trips, trips, 0, 0, 0 FROM `{staged}`
"""


def fill(bigquery: BigQuery, target: Target, counts: Iterable[Count], folder: Path) -> None:
    """Let these be the only trips by area and hour of a warehouse that is prepared."""
    now = datetime.now(UTC)
    rows = [each._asdict() for each in counts]
    file, staged = folder / "counts.parquet", f"{target.dataset('bronze')}.counts"
    schema = pa.schema([pa.field(name, kind, nullable=False) for name, kind in _FIELDS.items()])
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), file)
    job_id = f"test_{target.prefix}{now:%H%M%S%f}"
    bigquery.load_parquet(ParquetLoad(file, staged, _SCHEMA, len(rows), job_id, now + timedelta(days=1)))
    bigquery.query(render("DELETE FROM `{gold}.agg_zone_hour` WHERE TRUE", target), "empty")
    bigquery.query(render(_INSERT, target, tables={"staged": staged}), "fill")
