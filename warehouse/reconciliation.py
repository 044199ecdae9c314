"""Reconciliation: what the source says against what the target says, as a list of named checks."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, LiteralString, NamedTuple

import psycopg
from psycopg import Connection, Cursor
from psycopg.rows import dict_row

from contracts.broker import partition_ranges
from contracts.errors import NotReconciledError
from contracts.lake import classify
from contracts.settings import KafkaSettings
from contracts.sql import load_sql
from warehouse.bigquery import BigQuery
from warehouse.day_books import lake_days
from warehouse.lake import read_committed
from warehouse.ledger import Ledger
from warehouse.merge import rejected_days, staging_tables, touched_days
from warehouse.names import Target, render
from warehouse.window import Range, next_window

Coordinate = tuple[str, int, int]


class Check(NamedTuple):
    """One comparison. Values are counts, or money in minor units."""

    name: str
    source: str
    source_value: int
    target: str
    target_value: int

    @property
    def difference(self) -> int:
        """Target minus source: 0 when they agree."""
        return self.target_value - self.source_value


def require(checks: Iterable[Check], *, where: str) -> None:
    """Raise NotReconciledError that names every check whose sides differ."""
    broken = [each for each in checks if each.difference]
    if broken:
        found = "; ".join(
            f"{each.name}: {each.source} {each.source_value}, {each.target} {each.target_value}" for each in broken
        )
        raise NotReconciledError(
            f"Source and target differ: {found}",
            where=where,
            remedy="`python -m warehouse reconcile` shows every figure.",
        )


def check_window(
    lake: Connection[Any], bigquery: BigQuery, target: Target, load_id: str, ranges: Sequence[Range]
) -> list[Check]:
    """Compare one window, merged and published, with the lake. Its staging tables must still be there."""
    tables = staging_tables(target, load_id)
    days = touched_days(bigquery, target, load_id)
    refused = _refused_in(bigquery, target, load_id, ranges)
    lake_says = _lake_counts(lake, ranges, refused)
    found: dict[str, int] = defaultdict(int)
    if days:
        found |= bigquery.query(
            render(load_sql("bigquery/checks/window"), target, tables=tables, dates=days), "reconcile"
        )[0]
    return [
        Check(
            "events",
            "landed in the lake",
            lake_says["landed"],
            "staged + rejected",
            found["accepted"] + lake_says["refused"],
        ),
        Check("fares", "lake", lake_says["fare_minor_units"], "staged", found["fare_minor_units"]),
        Check("event ids", "lake", lake_says["events"], "silver.trip_event", found["events"]),
        Check("trips", "lake", lake_says["trips"], "silver.trip", found["trips"]),
        Check("trips in gold", "silver.trip", found["trips"], "gold.fact_trip", found["fact_trips"]),
        Check(
            "revenue in gold",
            "silver.trip",
            found["revenue_minor_units"],
            "gold.fact_trip",
            found["fact_revenue_minor_units"],
        ),
        Check("events in gold", "silver.trip_event", found["events"], "gold.fact_trip_event", found["fact_events"]),
        Check("trips by hour", "gold.fact_trip", found["day_trips"], "gold.agg_zone_hour", found["hour_trips"]),
        Check(
            "revenue by hour",
            "gold.fact_trip",
            found["day_revenue_minor_units"],
            "gold.agg_zone_hour",
            found["hour_revenue_minor_units"],
        ),
    ]


def check_warehouse(lake: Connection[Any], bigquery: BigQuery, target: Target, ledger: Ledger) -> list[Check]:
    """Compare everything that is loaded with the lake, from the first offset to the end of the newest window.

    Of days that the lake has dropped, the ledger tells what had landed, and what the warehouse held of their trips.
    """
    ranges = [Range(part.topic, part.number, 0, end) for part, end in sorted(ledger.loaded().items())]
    rejected = render(load_sql("bigquery/checks/rejected"), target)
    refused = (_coordinate(row) for row in bigquery.stream(rejected, "reconcile"))
    there = lake_days(lake)
    dropped = [each for each in ledger.days.arrivals() if each.arrived_on not in there]
    dates = ledger.days.dates_of_arrival([each.arrived_on for each in dropped]) if dropped else []
    lake_says = _lake_counts(lake, ranges, refused, dates)
    lake_says["landed"] += sum(each.accepted + each.rejected for each in dropped)
    for each in ledger.days.services(dates):
        lake_says["events"] += each.events or 0
        lake_says["newest_fare_minor_units"] += each.fare_minor_units or 0
        lake_says["trips"] += each.trips or 0
        lake_says["revenue_minor_units"] += each.revenue_minor_units or 0
    found = bigquery.query(render(load_sql("bigquery/checks/warehouse"), target), "reconcile")[0]
    totals = ledger.totals()
    duplicates = totals["duplicate_equal"] + totals["duplicate_different"]
    silver, gold, hours = "silver.trip", "gold.fact_trip", "gold.agg_zone_hour"
    return [
        Check(
            "events",
            "landed in the lake",
            lake_says["landed"],
            "loaded + rejected + duplicate",
            found["events"] + found["rejected"] + duplicates,
        ),
        Check("event ids", "lake", lake_says["events"], "silver.trip_event", found["events"]),
        Check("fares", "lake", lake_says["newest_fare_minor_units"], "silver.trip_event", found["fare_minor_units"]),
        Check("trips", "lake", lake_says["trips"], silver, found["trips"]),
        Check("revenue", "lake", lake_says["revenue_minor_units"], silver, found["revenue_minor_units"]),
        Check("trips in gold", "lake", lake_says["trips"], gold, found["fact_trips"]),
        Check("revenue in gold", "lake", lake_says["revenue_minor_units"], gold, found["fact_revenue_minor_units"]),
        Check("events in gold", "lake", lake_says["events"], "gold.fact_trip_event", found["fact_events"]),
        Check("trips by hour", "lake", lake_says["trips"], hours, found["hour_trips"]),
        Check("revenue by hour", "lake", lake_says["revenue_minor_units"], hours, found["hour_revenue_minor_units"]),
    ]


def check_topic(lake: Connection[Any], kafka: KafkaSettings) -> list[Check]:
    """Compare what the broker still holds of the topic with where the lake put it.

    Raises UnreachableError, FatalError from the broker; TransientError, FatalError from the lake.
    """
    produced = landed = dead_lettered = 0
    for each in partition_ranges(kafka):
        row = _one(lake, "postgres/queries/reconcile_topic", each._asdict())
        produced += each.high - each.low
        landed += row["landed"]
        dead_lettered += row["dead_lettered"]
    name = f"topic {kafka.topic}"
    return [Check(name, "produced to Kafka", produced, "landed + dead-lettered", landed + dead_lettered)]


def check_backlog(lake: Connection[Any], ledger: Ledger) -> list[Check]:
    """Compare how far the lake is with how far the windows reach; the difference is what is still to be loaded."""
    committed, lowest = read_committed(lake)
    pending = sum(each.offsets for each in next_window(committed, ledger.loaded(), lowest, sum(committed.values())))
    reached = sum(committed.values())
    return [Check("offsets", "committed in the lake", reached, "in windows", reached - pending)]


def _refused_in(bigquery: BigQuery, target: Target, load_id: str, ranges: Sequence[Range]) -> Iterator[Coordinate]:
    days = rejected_days(bigquery, target, load_id)
    if not days:
        return
    bounds = {(each.topic, each.kafka_partition): each for each in ranges}
    sql = render(load_sql("bigquery/checks/rejected_of_days"), target, dates=days)
    for row in bigquery.stream(sql, "reconcile"):
        topic, partition, offset = _coordinate(row)
        window = bounds.get((topic, partition))
        if window is not None and window.from_offset <= offset < window.to_offset:
            yield topic, partition, offset


def _coordinate(row: dict[str, Any]) -> Coordinate:
    return row["kafka_topic"], row["kafka_partition"], row["kafka_offset"]


def _lake_counts(
    lake: Connection[Any], ranges: Sequence[Range], refused: Iterable[Coordinate], dropped: Iterable[date] = ()
) -> dict[str, int]:
    try:
        with lake.transaction(), lake.cursor(row_factory=dict_row) as cursor:
            cursor.execute(load_sql("postgres/queries/reconcile_scope"))
            _copy(cursor, "COPY reconciled_range FROM STDIN", ranges)
            _copy(cursor, "COPY refused_coordinate FROM STDIN", refused)
            _copy(cursor, "COPY dropped_date FROM STDIN", ((day.isoformat(),) for day in dropped))
            row = cursor.execute(load_sql("postgres/queries/reconcile_lake")).fetchone()
    except psycopg.Error as error:
        raise classify(error, where="reconciliation in the lake") from error
    return row or {}


def _copy(cursor: Cursor[Any], statement: LiteralString, rows: Iterable[tuple[str | int, ...]]) -> None:
    with cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _one(lake: Connection[Any], query: str, parameters: dict[str, Any]) -> dict[str, int]:
    try:
        with lake.transaction(), lake.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(load_sql(query), parameters).fetchone() or {}
    except psycopg.Error as error:
        raise classify(error, where="reconciliation in the lake") from error
