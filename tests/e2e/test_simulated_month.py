"""A simulated month with all kinds of dirt: every figure of gold equals what the simulation says that it emitted.

The judge is the simulation's own ground truth, which never saw Kafka, the lake or BigQuery: its trips and totals, and
its messages, told once more by plain Python.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.settings import BigQuerySettings
from producer.simulate.dirt import Dirt
from producer.simulate.ground_truth import MessageRecord, Totals, TripRecord
from tests.support.commands import run
from tests.support.report_numbers import verify_preview
from tests.support.warehouse_oracle import Books, Message, Row, judge
from tests.support.warehouse_site import TABLES, verify_tables
from warehouse.bigquery import connect
from warehouse.names import Target, render

# The month in which clocks are put forward.
START, TRIPS_PER_DAY, TRIPS = "2026-03-01T00:00", 21, 630
DIRT = {"late": 0.05, "out_of_order": 0.05, "clock_skewed": 0.005, "duplicated": 0.05, "conflicting": 0.05}
DIRT |= {"corrected": 0.08, "voided": 0.05, "malformed": 0.03}
OUTCOMES = {"under_way": "open", "completed": "completed"}
OUTCOMES |= {f"{who}_cancellation": f"cancelled_by_{who}" for who in ("passenger", "driver", "provider")}
VIEWS = {
    "days": "SELECT * FROM `{gold}.daily_trips` ORDER BY service_date",
    "rules": "SELECT rule, trips FROM `{gold}.dirty_trips`",
    "yellow": "SELECT COUNT(*) AS trips, SUM(fare_amount + extra + tolls_amount) AS charged FROM `{gold}.tlc_yellow`",
    "hvfhv": "SELECT COUNT(*) AS trips, SUM(tips) AS tips, SUM(trip_time) AS seconds FROM `{gold}.tlc_hvfhv`",
    "reasons": "SELECT reason, SUM(events) AS n FROM `{gold}.health_rejected` GROUP BY reason",
    "dead": "SELECT reason, SUM(messages) AS n FROM `{gold}.health_dead_letter` GROUP BY reason",
    "books": "SELECT SUM(accepted) AS accepted, SUM(duplicates) AS duplicates FROM `{gold}.health_service_day`",
    "apart": "SELECT check_name FROM `{gold}.health_reconciliation` WHERE difference != 0",
}


class Truth:
    """What the simulation wrote down."""

    def __init__(self, path: Path) -> None:
        decoder = msgspec.json.Decoder(MessageRecord | TripRecord | Totals)
        records = [decoder.decode(line) for line in path.read_bytes().splitlines()]
        self.messages = [each for each in records if isinstance(each, MessageRecord)]
        self.trips = {each.trip_id: each for each in records if isinstance(each, TripRecord)}
        (self.totals,) = [each for each in records if isinstance(each, Totals)]

    def books(self) -> Books:
        """Return what must stand in the warehouse; within a trip, messages arrive in the order of emission."""
        landed = [each for each in self.messages if each.expected != "dead_letter"]
        return judge(Message(0, each.number, each.value.decode()) for each in landed)


def moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)


def told(trip: TripRecord) -> Row:
    """Return what the ground truth says of a trip, in gold's names."""
    return {
        "outcome": "voided" if trip.voided else OUTCOMES[trip.outcome],
        "pickup_zone_key": trip.pickup_area or 0,
        "dropoff_zone_key": trip.dropoff_area or 0,
        "reserved_at": moment(trip.reserved_at),
        "started_at": moment(trip.started_at),
        "stopped_at": moment(trip.stopped_at),
        "ended_at": moment(trip.ended_at),
        "distance_metres": trip.distance,
        "duration_seconds": trip.duration,
        "revenue_minor_units": trip.revenue_minor_units,
    }


def verify_views(truth: Truth, books: Books, found: Mapping[str, list[dict[str, Any]]]) -> None:
    """Hold sums of gold against the truth."""
    facts, totals = list(books.facts.values()), truth.totals
    completed = [fact for fact in facts if fact["is_completed"]]
    days = Counter(trip.service_date for trip in truth.trips.values())
    assert {row["service_date"].isoformat(): row["trips"] for row in found["days"]} == days
    assert sum(row["completed_trips"] for row in found["days"]) == totals.completed - totals.voided == len(completed)
    assert sum(row["revenue"] for row in found["days"]) * 100 == totals.revenue_minor_units
    assert sum(fact["distance_metres"] or 0 for fact in completed) == totals.metres
    assert {row["rule"]: row["trips"] for row in found["rules"]} == {
        row["rule"]: sum(fact[f"has_{row['rule']}"] for fact in facts) for row in found["rules"]
    }
    ended = [fact for fact in facts if fact["ended_at"]]
    charged = sum(fact["base_fare"] + fact["extras"] + fact["tolls"] for fact in ended)
    assert found["yellow"] == [{"trips": len(ended), "charged": charged}]
    tips, seconds = sum(fact["tip"] for fact in completed), sum(fact["duration_seconds"] for fact in completed)
    assert found["hvfhv"] == [{"trips": len(completed), "tips": tips, "seconds": seconds}]
    assert {row["reason"]: row["n"] for row in found["reasons"]} == totals.rejected
    assert {row["reason"]: row["n"] for row in found["dead"]} == totals.dead_letters
    assert found["books"] == [
        {"accepted": totals.valid_messages, "duplicates": totals.valid_messages - totals.valid_events}
    ]
    assert found["apart"] == []


@pytest.mark.timeout(300)
def test_every_figure_of_gold_and_on_every_page_is_the_truth_of_a_simulated_month(
    environment: dict[str, str], bigquery_settings: BigQuerySettings, tmp_path: Path
) -> None:
    path = tmp_path / "truth.jsonl"
    dirt = [argument for name, share in DIRT.items() for argument in ("--dirt", f"{name}={share}")]
    size = ("--trips-per-day", str(TRIPS_PER_DAY), "--limit", str(TRIPS))
    run(environment, "consumer", "migrate")
    run(environment, "producer", "simulate", "--start", START, *size, *dirt, "--ground-truth", str(path))
    run(environment, "consumer", "run", "--until-end")
    # Two windows or so: what comes late restates what stands already.
    run({**environment, "TRIPLINE_WAREHOUSE_WINDOW_ROWS": "2000"}, "warehouse", "run")
    run(environment, "warehouse", "forecast")
    run(environment, "warehouse", "check")

    truth = Truth(path)
    assert truth.totals.dirt.keys() == {dirt.value for dirt in Dirt}
    assert truth.totals.rejected
    assert truth.totals.dead_letters
    assert len({trip.service_date for trip in truth.trips.values()}) >= 28
    books = truth.books()
    warehouse, target = connect(bigquery_settings), Target.of(bigquery_settings)
    tables = {name: warehouse.query(render(sql, target), "test") for name, sql in TABLES.items()}
    verify_tables(books, tables)
    assert {
        row["trip_id"]: {name: row[name] for name in told(truth.trips[row["trip_id"]])} for row in tables["facts"]
    } == {trip_id: told(trip) for trip_id, trip in truth.trips.items()}
    verify_views(truth, books, {name: warehouse.query(render(sql, target), "test") for name, sql in VIEWS.items()})
    verify_preview(environment, bigquery_settings, tmp_path / "report")
