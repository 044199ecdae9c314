"""Where the forecast comes from and goes to: trips by area and hour out of gold, the coming week into gold."""

import tempfile
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from google.cloud.bigquery import SchemaField

from contracts.sql import load_sql
from warehouse.bigquery import BigQuery, ParquetLoad
from warehouse.forecast.history import DAYS, HOURS, Count, History, Weeks, dense
from warehouse.names import Target, render
from warehouse.staging import content_hash

COLUMNS = (
    SchemaField("service_date", "DATE", mode="REQUIRED"),
    SchemaField("hour_key", "INT64", mode="REQUIRED"),
    SchemaField("zone_key", "INT64", mode="REQUIRED"),
    SchemaField("forecast_trips", "FLOAT64", mode="REQUIRED"),
    SchemaField("lower_trips", "FLOAT64", mode="REQUIRED"),
    SchemaField("upper_trips", "FLOAT64", mode="REQUIRED"),
    SchemaField("made_at", "TIMESTAMP", mode="REQUIRED"),
)
KEEP = timedelta(days=1)


def newest_day(bigquery: BigQuery, target: Target, *, before: date) -> date | None:
    """Return the newest service date with trips that is older than `before`, None when there is none."""
    sql = render(load_sql("bigquery/forecast/newest"), target, dates=[before - timedelta(days=1)])
    newest: date | None = bigquery.query(sql, "forecast_newest")[0]["newest"]
    return newest


def read_history(
    bigquery: BigQuery, target: Target, newest: date, maximum_weeks: int, advance: Callable[[int], None]
) -> History:
    """Return the weeks up to `newest` for every area of `dim_zone`; `advance` is told how many rows were read."""
    zones = [row["zone_key"] for row in bigquery.query(render(load_sql("bigquery/forecast/zones"), target), "zones")]
    days = [newest - timedelta(days=back) for back in range(maximum_weeks * DAYS)]
    counts = []
    for row in bigquery.stream(render(load_sql("bigquery/forecast/history"), target, dates=days), "forecast_history"):
        counts.append(Count(**row))
        advance(1)
    return dense(counts, zones, newest, maximum_weeks)


def table_of(first_day: date, zones: Sequence[int], figures: Sequence[Weeks], made_at: datetime) -> pa.Table:
    """Return a week as rows of `gold.forecast_zone_hour`; `figures` are expected trips, lower and upper bounds."""
    shape = (DAYS, HOURS, len(zones))
    day, hour, zone = (place.ravel() for place in np.indices(shape))
    columns = [
        (np.datetime64(first_day) + day).astype("datetime64[D]"),
        hour,
        np.asarray(zones, dtype=np.int64)[zone],
        *(each.ravel() for each in figures),
        np.full(day.shape, np.datetime64(int(made_at.timestamp() * 1_000_000), "us")),
    ]
    types = [pa.date32(), pa.int64(), pa.int64(), *[pa.float64()] * 3, pa.timestamp("us", tz="UTC")]
    arrays = [pa.array(values).cast(kind) for values, kind in zip(columns, types, strict=True)]
    fields = [pa.field(each.name, kind, nullable=False) for each, kind in zip(COLUMNS, types, strict=True)]
    return pa.table(arrays, schema=pa.schema(fields))


def write(bigquery: BigQuery, target: Target, rows: pa.Table, *, now: datetime) -> None:
    """Put a forecast in the place of the one before, in one statement: nobody sees half of one.

    Its days may begin a year that `dim_date` does not have yet: they come first.
    Raises PoisonError, TransientError, FatalError by BigQuery's reason.
    """
    days = rows.column("service_date")
    dates = [days[0].as_py(), days[-1].as_py()]
    bigquery.query(render(load_sql("bigquery/gold/dim_date"), target, dates=dates), "dim_date")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "forecast.parquet"
        pq.write_table(rows, file)
        forecast_id = content_hash(file)
        staged = target.staging(forecast_id, "forecast")
        job_id = f"tripline_forecast_{target.prefix}{forecast_id}"
        bigquery.load_parquet(ParquetLoad(file, staged, list(COLUMNS), rows.num_rows, job_id, expires=now + KEEP))
    sql = render(load_sql("bigquery/forecast/forecast_zone_hour"), target, tables={"staging_forecast": staged})
    bigquery.query(sql, "forecast_zone_hour")
    bigquery.drop_table(staged)
