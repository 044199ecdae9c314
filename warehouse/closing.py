"""Closing a window: its books by day in the ledger, and its books and figures in gold's health tables."""

from collections.abc import Sequence
from datetime import datetime

from contracts.sql import load_sql
from warehouse import day_books, health_tables
from warehouse.merge import staging_tables
from warehouse.names import render
from warehouse.reconciliation import Check
from warehouse.run import Run

SCOPE = "newest window: "


def publish_books(run: Run, checks: Sequence[Check], now: datetime) -> None:
    """Show in gold what the reconciliation of a window found, also when it is red."""
    rows = health_tables.books(checks, now, SCOPE)
    health_tables.publish(run.bigquery, run.target, "health_reconciliation", rows, now)


def close_days(run: Run, load_id: str) -> None:
    """Write down the window's days of arrival, and what the warehouse holds of its service dates.

    Its staging tables must still be there. The ledger then knows what the lake may drop.
    """
    tables = staging_tables(run.target, load_id)
    arrived = run.bigquery.query(
        render(load_sql("bigquery/checks/arrival_days"), run.target, tables=tables), "arrival_days"
    )
    dates = run.ledger.days.dates_of(load_id)
    held = day_books.figures(run.bigquery, run.target, dates)
    run.ledger.days.record_close(load_id, arrived, [{"service_date": day, **held[day]} for day in dates if day in held])


def publish_window(run: Run, load_id: str, *, trips: int, seconds: float, now: datetime) -> None:
    """Show in gold how much the window was, and how long each step took."""
    figures = run.ledger.days.window(load_id)
    row = {**figures, "trips": trips, "reconcile_seconds": seconds, "closed_at": now}
    health_tables.publish(run.bigquery, run.target, "health_window", [row], now)
