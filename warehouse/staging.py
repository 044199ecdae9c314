"""Stage: a window's Parquet files into staging tables of its own."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from google.cloud.bigquery import SchemaField

from warehouse.bigquery import BigQuery, ParquetLoad
from warehouse.columns import ACCEPTED_COLUMNS, REJECTED_COLUMNS, ColumnOf
from warehouse.extract import Files
from warehouse.ledger import Load
from warehouse.names import Target

KEEP = timedelta(days=7)


def stage(bigquery: BigQuery, target: Target, window: Load, files: Files, *, now: datetime) -> str | None:
    """Load both files, replacing what an earlier attempt left; return the id of the job
    that loaded the events, None when there were none.

    Raises FatalError when other rows stand there than the ledger says; PoisonError, TransientError, FatalError by
    BigQuery's reason.
    """
    kinds = (
        ("event", files.accepted, ACCEPTED_COLUMNS, window.accepted),
        ("rejected", files.rejected, REJECTED_COLUMNS, window.rejected),
    )
    jobs = [
        bigquery.load_parquet(
            ParquetLoad(
                file,
                target.staging(window.load_id, kind),
                bigquery_schema(columns),
                rows or 0,
                job_id=f"tripline_{window.load_id}_{kind}_{content_hash(file)}",
                expires=now + KEEP,
            )
        )
        for kind, file, columns, rows in kinds
    ]
    return jobs[0]


def is_staged(bigquery: BigQuery, target: Target, window: Load) -> bool:
    """Whether the staging tables hold the whole window; they expire, and a run may have been paused for long."""
    return (
        bigquery.count_rows(target.staging(window.load_id, "event")) == window.accepted
        and bigquery.count_rows(target.staging(window.load_id, "rejected")) == window.rejected
    )


def drop(bigquery: BigQuery, target: Target, load_id: str) -> None:
    """Drop the staging tables of a window."""
    for kind in ("event", "rejected"):
        bigquery.drop_table(target.staging(load_id, kind))


def bigquery_schema(columns: Sequence[ColumnOf]) -> list[SchemaField]:
    """Return the schema of the staging table."""
    return [SchemaField(each.name, each.type, mode=each.mode) for each in columns]


def content_hash(file: Path) -> str:
    """Return 16 hexadecimal digits of the file's SHA-256."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]
