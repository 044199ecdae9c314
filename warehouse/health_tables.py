"""Gold's health tables: what was measured, written over what was there, so that a report needs BigQuery alone."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from contracts.sql import load_sql
from warehouse.bigquery import BigQuery
from warehouse.names import Target, render
from warehouse.quality import Finding
from warehouse.reconciliation import Check

KEEP = timedelta(days=90)

Rows = Sequence[Mapping[str, Any]]


def publish(bigquery: BigQuery, target: Target, table: str, rows: Rows, now: datetime) -> None:
    """Merge rows into `gold.<table>`; a key is a column's name. Days older than `KEEP` go.

    Rows go as one parameter: DML has no daily limit, which load jobs of a table do.
    """
    sql = render(load_sql(f"bigquery/health/{table}"), target, dates=[(now - KEEP).date()])
    bigquery.query(sql, table, parameters={"measured": msgspec.json.encode(rows).decode()})


def books(checks: Iterable[Check], now: datetime, scope: str = "") -> Rows:
    """Return rows of health_reconciliation; `scope` tells books of one window from those of all."""
    return [
        {
            "check_name": f"{scope}{each.name}",
            "source": each.source,
            "source_value": each.source_value,
            "target": each.target,
            "target_value": each.target_value,
            "difference": -each.difference,
            "checked_at": now,
        }
        for each in checks
    ]


def states(findings: Iterable[Finding], now: datetime) -> Rows:
    """Return rows of health_check."""
    return [
        {
            "checked_on": now.date(),
            "check_name": each.check_name,
            "kind": each.kind,
            "status": each.status,
            "observed": each.observed,
            "expected_lower": each.lower,
            "expected_upper": each.upper,
            "detail": each.detail,
            "checked_at": now,
        }
        for each in findings
    ]
