"""Merge and publish: SQL in BigQuery from a window's staging tables to silver, and from silver to gold."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from contracts.sql import load_sql
from warehouse.bigquery import BigQuery
from warehouse.names import Target, render

# BigQuery lets one job change 4,000 partitions; half of it leaves room.
MAXIMUM_PARTITIONS = 2_000


class Duplicates(NamedTuple):
    """Events of a window that repeat an event id that was seen before."""

    equal: int
    different: int


def count_duplicates(bigquery: BigQuery, target: Target, load_id: str) -> Duplicates:
    """Compare the window with what stands in silver. Only right before the window is merged."""
    rows = [
        _query(bigquery, target, load_id, "bigquery/merge/duplicates", dates)[0]
        for dates in _groups(touched_days(bigquery, target, load_id))
    ]
    return Duplicates(sum(row["duplicate_equal"] for row in rows), sum(row["duplicate_different"] for row in rows))


def merge(bigquery: BigQuery, target: Target, load_id: str) -> None:
    """Bring silver and the rejected events up to date with the window; running it again changes nothing."""
    for dates in _groups(rejected_days(bigquery, target, load_id)):
        _query(bigquery, target, load_id, "bigquery/merge/rejected_event", dates)
    for dates in _groups(touched_days(bigquery, target, load_id)):
        _query(bigquery, target, load_id, "bigquery/merge/trip_event", dates)
        _query(bigquery, target, load_id, "bigquery/merge/trip", dates)


def publish(bigquery: BigQuery, target: Target, load_id: str) -> None:
    """Bring gold up to date with the trips that the window touched; running it again changes nothing."""
    for dates in _groups(touched_days(bigquery, target, load_id)):
        _query(bigquery, target, load_id, "bigquery/gold/dim_date", dates)
        _query(bigquery, target, load_id, "bigquery/gold/fact_trip", dates)


def touched_days(bigquery: BigQuery, target: Target, load_id: str) -> list[date]:
    """Return the service dates of the window's events, which are the partitions that it changes."""
    return [row["day"] for row in _query(bigquery, target, load_id, "bigquery/merge/days")]


def rejected_days(bigquery: BigQuery, target: Target, load_id: str) -> list[date]:
    """Return the UTC days on which the window's rejected events arrived."""
    return [row["day"] for row in _query(bigquery, target, load_id, "bigquery/merge/rejected_days")]


def staging_tables(target: Target, load_id: str) -> dict[str, str]:
    """Return what `{staging_event}` and `{staging_rejected}` stand for in the SQL of a window."""
    return {f"staging_{kind}": target.staging(load_id, kind) for kind in ("event", "rejected")}


def _query(
    bigquery: BigQuery, target: Target, load_id: str, name: str, dates: Sequence[date] = ()
) -> list[dict[str, Any]]:
    sql = render(load_sql(name), target, tables=staging_tables(target, load_id), dates=dates)
    return bigquery.query(sql, name.rsplit("/", 1)[-1])


def _groups(days: Sequence[date]) -> Iterator[Sequence[date]]:
    for start in range(0, len(days), MAXIMUM_PARTITIONS):
        yield days[start : start + MAXIMUM_PARTITIONS]
