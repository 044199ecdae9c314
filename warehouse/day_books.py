"""Books by day: of each day of arrival and each service date, what one store has against what the next has."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from psycopg import Connection

from contracts.sql import load_sql
from warehouse.bigquery import BigQuery
from warehouse.day_ledger import DayLedger
from warehouse.lake_rows import read_rows
from warehouse.names import Target, render

Book = dict[str, Any]
"""The figures of one day, by name; money in minor units."""


class Pair(NamedTuple):
    """Two figures of a book that must agree, and where each comes from."""

    name: str
    source: str
    source_figure: str
    target: str
    target_figure: str

    def apart(self, book: Book) -> int:
        """Return by how much they are apart on one day, without sign."""
        return abs(int(book[self.source_figure]) - int(book[self.target_figure]))


class DayCheck(NamedTuple):
    """A pair over all days: both sums, the sum of what each day is apart, and the days that are."""

    name: str
    source: str
    source_value: int
    target: str
    target_value: int
    apart: int
    days: list[date]


ARRIVAL = (
    Pair("events by day of arrival", "landed in the lake", "landed", "accepted + rejected", "judged"),
    Pair("rejected by day of arrival", "ledger", "rejected", "bronze.rejected_event", "rejected_events"),
)
SERVICE = (
    Pair("events by service date", "accepted - duplicate", "brought", "silver.trip_event", "events"),
    Pair("events in gold by service date", "silver.trip_event", "events", "gold.fact_trip_event", "fact_events"),
    Pair("trips by service date", "silver.trip", "trips", "gold.fact_trip", "fact_trips"),
    Pair("revenue by service date", "silver.trip", "revenue_minor_units", "gold.fact_trip", "fact_revenue_minor_units"),
    Pair("trips by hour and service date", "gold.fact_trip", "fact_trips", "gold.agg_zone_hour", "hour_trips"),
    Pair(
        "revenue by hour and service date",
        "gold.fact_trip",
        "fact_revenue_minor_units",
        "gold.agg_zone_hour",
        "hour_revenue_minor_units",
    ),
    Pair("fares since the close", "when it was closed", "closed_fare_minor_units", "now", "fare_minor_units"),
    Pair("trips since the close", "when it was closed", "closed_trips", "now", "trips"),
    Pair("revenue since the close", "when it was closed", "closed_revenue_minor_units", "now", "revenue_minor_units"),
)
HELD = ("events", "fare_minor_units", "trips", "revenue_minor_units")
GOLD = ("fact_events", "fact_trips", "fact_revenue_minor_units", "hour_trips", "hour_revenue_minor_units")


def arrival_books(
    lake: Connection[Any], bigquery: BigQuery, target: Target, days: DayLedger, since: date | None
) -> list[Book]:
    """Return a book for each UTC day of arrival on which closed windows have events, from a day on.

    Of a day that the lake has dropped, the ledger is all that tells what had landed.
    """
    found = read_rows(lake, "lake_arrival_days", {"target": target.key, "since": since})
    landed: dict[date, int] = {row["day"]: row["landed"] for row in found}
    there = lake_days(lake)
    known = days.arrivals(since)
    rejected = _by_day(bigquery, target, "bigquery/checks/rejected_days", [each.arrived_on for each in known])
    books: list[Book] = []
    for each in known:
        judged = each.accepted + each.rejected
        books.append(
            {
                "day": each.arrived_on,
                "landed": landed.get(each.arrived_on, 0) if each.arrived_on in there else judged,
                "accepted": each.accepted,
                "rejected": each.rejected,
                "judged": judged,
                "rejected_events": rejected.get(each.arrived_on, {}).get("rejected_events", 0),
            }
        )
    return books


def service_books(bigquery: BigQuery, target: Target, days: DayLedger, dates: Sequence[date]) -> list[Book]:
    """Return a book for each of the service dates that the ledger knows."""
    found = figures(bigquery, target, dates)
    books: list[Book] = []
    for each in days.services(dates):
        now = found.get(each.service_date, dict.fromkeys((*HELD, *GOLD), 0))
        closed = {name: getattr(each, name) for name in HELD}
        books.append(
            {
                "service_date": each.service_date,
                "accepted": each.accepted,
                "duplicates": each.duplicates,
                "brought": each.accepted - each.duplicates,
                **now,
                **{f"closed_{name}": now[name] if value is None else value for name, value in closed.items()},
            }
        )
    return books


def figures(bigquery: BigQuery, target: Target, dates: Sequence[date]) -> dict[date, Book]:
    """Return what silver and gold hold of each service date that they have rows of."""
    return _by_day(bigquery, target, "bigquery/checks/service_days", dates)


def lake_days(lake: Connection[Any]) -> set[date]:
    """Return the UTC days of arrival that the lake has not dropped."""
    return {row["day"] for row in read_rows(lake, "lake_days")}


def compare(pairs: Iterable[Pair], books: Sequence[Book], day: str) -> list[DayCheck]:
    """Compare each pair over all books; `day` is the figure that names a book's day."""
    return [
        DayCheck(
            pair.name,
            pair.source,
            sum(book[pair.source_figure] for book in books),
            pair.target,
            sum(book[pair.target_figure] for book in books),
            sum(map(pair.apart, books)),
            [book[day] for book in books if pair.apart(book)],
        )
        for pair in pairs
    ]


def difference(pairs: Iterable[Pair], book: Mapping[str, Any]) -> int:
    """Return the sum of what the pairs of one book are apart."""
    return sum(pair.apart(dict(book)) for pair in pairs)


def _by_day(bigquery: BigQuery, target: Target, name: str, days: Sequence[date]) -> dict[date, Book]:
    if not days:
        return {}
    rows = bigquery.query(render(load_sql(name), target, dates=days), name.rsplit("/", 1)[-1])
    return {next(iter(row.values())): {key: int(value) for key, value in list(row.items())[1:]} for row in rows}
