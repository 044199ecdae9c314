"""What the demo prints at its end: answers from gold, the books, and what happened."""

from decimal import Decimal
from typing import Any

import msgspec

from contracts import console
from contracts.sql import load_sql
from warehouse.bigquery import BigQuery
from warehouse.names import Target, render
from warehouse.reconciliation import Check


class Answers(msgspec.Struct, frozen=True):
    """Rows of the questions in sql/bigquery/answers."""

    trips_by_month: list[dict[str, Any]]
    busiest_areas: list[dict[str, Any]]
    dirty_trips: list[dict[str, Any]]


class DemoResult(msgspec.Struct, frozen=True):
    """What the demo came to; `build/demo.json`."""

    produced: int
    acknowledged: int
    landed: int
    dead_lettered: int
    rejected: int
    trips: int
    revenue_minor_units: int
    forecast_from: str
    forecast_trips: float
    reconciled: bool
    report: str
    seconds: dict[str, float]
    peak_mebibytes: dict[str, float]


def ask(warehouse: BigQuery, target: Target) -> Answers:
    """Ask gold the questions of sql/bigquery/answers."""
    names = Answers.__struct_fields__
    return Answers(
        **{
            name: warehouse.query(render(load_sql(f"bigquery/answers/{name}"), target), f"answer_{name}")
            for name in names
        }
    )


def show(result: DemoResult, books: list[Check], answers: Answers) -> None:
    """Print the books, the answers, and what to do next."""
    console.say("")
    console.table("Answers from gold: trips and revenue by month", *by_month(answers.trips_by_month))
    console.table(
        "The ten busiest community areas",
        ("area", "side", "trips", "revenue"),
        [
            (row["zone_name"], row["side"], console.text(row["trips"]), dollars(row["revenue"]))
            for row in answers.busiest_areas
        ],
    )
    console.table(
        "Dirty trips: kept, flagged, counted",
        ("rule", "what it means", "trips", "share"),
        [
            (row["rule"], row["explanation"], console.text(row["trips"]), f"{row['share']:.1%}")
            for row in answers.dirty_trips
        ],
    )
    console.table(
        "The books: source against target",
        ("check", "source", "", "target", "", "reconciled"),
        [
            (
                each.name,
                each.source,
                figure(each, each.source_value),
                each.target,
                figure(each, each.target_value),
                "yes" if not each.difference else f"NO: {each.difference:+,}",
            )
            for each in books
        ],
    )
    console.summary(
        "What happened",
        {
            "events produced": result.produced,
            "events acknowledged": result.acknowledged,
            "events landed": result.landed,
            "dead letters": result.dead_lettered,
            "rejected by the contract": result.rejected,
            "trips in BigQuery": result.trips,
            "revenue": dollars(Decimal(result.revenue_minor_units) / 100),
            "trips expected in the week from " + result.forecast_from: result.forecast_trips,
            "everything reconciled": result.reconciled,
            "the report's pages, drawn": result.report,
            "seconds": result.seconds["total"],
        },
        next_step=f"Open {result.report}. `make up` runs it all continuously, with Mage's UI. "
        "build/demo.json has these figures for scripts.",
    )


def by_month(rows: list[dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Lay months out as a calendar: the columns (month and years), and a row for each month."""
    years = sorted({row["year"] for row in rows})
    cells = {(row["year_month"] % 100, row["year"]): row for row in rows}
    names = {row["year_month"] % 100: row["month_name"] for row in rows}

    def cell(month: int, year: int) -> str:
        found = cells.get((month, year))
        return f"{found['trips']:,} · {dollars(found['revenue'])}" if found else "-"

    lines = [[names[month], *(cell(month, year) for year in years)] for month in sorted(names)]
    return ["month", *map(str, years)], lines


def dollars(amount: Any) -> str:
    """Format money in major units."""
    return f"${amount:,.2f}"


def figure(check: Check, value: int) -> str:
    """Format one side of a check: money in dollars, counts with separators."""
    money = check.name.startswith(("revenue", "fares"))
    return dollars(Decimal(value) / 100) if money else console.text(value)
