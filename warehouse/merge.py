"""Merge: SQL in BigQuery from a window's staging tables to silver."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from contracts.sql import load_sql
from warehouse.bigquery import BigQuery
from warehouse.names import Target, render

# BigQuery lets one job change 4,000 partitions; half of it leaves room.
MAXIMUM_PARTITIONS = 2_000


class Duplicates(NamedTuple):
    """Events of a window that repeat an event id that was seen before.

    `days` has `service_date`, and how many events were `accepted` and how many are `duplicates`, of each of its dates.
    """

    equal: int
    different: int
    days: list[dict[str, Any]]


def count_duplicates(bigquery: BigQuery, target: Target, load_id: str) -> Duplicates:
    """Compare the window with what stands in silver. Only right before the window is merged."""
    rows = [
        row
        for dates in groups(touched_days(bigquery, target, load_id))
        for row in run(bigquery, target, load_id, "bigquery/merge/duplicates", dates)
    ]
    days = [
        {
            "service_date": row["service_date"],
            "accepted": row["accepted"],
            "duplicates": row["duplicate_equal"] + row["duplicate_different"],
        }
        for row in rows
    ]
    return Duplicates(
        sum(row["duplicate_equal"] for row in rows), sum(row["duplicate_different"] for row in rows), days
    )


class Days(NamedTuple):
    """Service dates from `first` to `last`, both included."""

    first: date
    last: date

    def among(self, days: Iterable[date]) -> list[date]:
        """Return those of `days` that lie between, in their order."""
        return [day for day in days if self.first <= day <= self.last]


def merge(bigquery: BigQuery, target: Target, load_id: str, within: Days | None = None) -> None:
    """Bring silver and the rejected events up to date with the window; running it again changes nothing.

    With `within`, only the trips of those service dates, and no rejected events, which have none.
    """
    if within is None:
        for dates in groups(rejected_days(bigquery, target, load_id)):
            run(bigquery, target, load_id, "bigquery/merge/rejected_event", dates)
    touched = touched_days(bigquery, target, load_id)
    for dates in groups(touched if within is None else within.among(touched)):
        run(bigquery, target, load_id, "bigquery/merge/trip_event", dates)
        run(bigquery, target, load_id, "bigquery/merge/trip", dates)
        run(bigquery, target, load_id, "bigquery/merge/provider_day", dates)
        run(bigquery, target, load_id, "bigquery/merge/vehicle_day", dates)


def touched_days(bigquery: BigQuery, target: Target, load_id: str) -> list[date]:
    """Return the service dates of the window's events, which are the partitions that it changes."""
    return [row["day"] for row in run(bigquery, target, load_id, "bigquery/merge/days")]


def rejected_days(bigquery: BigQuery, target: Target, load_id: str) -> list[date]:
    """Return the UTC days on which the window's rejected events arrived."""
    return [row["day"] for row in run(bigquery, target, load_id, "bigquery/merge/rejected_days")]


def staging_tables(target: Target, load_id: str) -> dict[str, str]:
    """Return what `{staging_event}` and `{staging_rejected}` stand for in the SQL of a window."""
    return {f"staging_{kind}": target.staging(load_id, kind) for kind in ("event", "rejected")}


def run(
    bigquery: BigQuery, target: Target, load_id: str, name: str, dates: Sequence[date] = ()
) -> list[dict[str, Any]]:
    """Run one statement of `sql/` over a window's staging tables, within the partitions of `dates`."""
    sql = render(load_sql(name), target, tables=staging_tables(target, load_id), dates=dates)
    return bigquery.query(sql, name.rsplit("/", 1)[-1])


def groups(days: Sequence[date]) -> Iterator[Sequence[date]]:
    """Divide partitions into groups that one job may change."""
    for start in range(0, len(days), MAXIMUM_PARTITIONS):
        yield days[start : start + MAXIMUM_PARTITIONS]
