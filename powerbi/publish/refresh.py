"""Refresh the published model when gold is newer than it: the step after the warehouse's. What Mage's block calls."""

from datetime import datetime
from typing import Any

from contracts.errors import FatalError
from contracts.settings import BigQuerySettings, PowerBISettings, load
from contracts.sql import load_sql
from powerbi.publish.api import Api, credential_of
from powerbi.publish.run import find_model, last_refresh, refresh_and_wait, require
from warehouse.bigquery import connect
from warehouse.names import Target, render

Summary = dict[str, Any]


def refresh() -> Summary:
    """Refresh the model that the settings name, if a window was closed since; `refreshed` is when it ended, or None.

    Raises ConfigurationError, FatalError with the reason of a refresh that failed, TransientError and UnreachableError.
    """
    settings, bigquery = load(PowerBISettings), load(BigQuerySettings)
    if not settings.workspace_id:
        return _left_alone("no workspace is set: TRIPLINE_POWERBI_WORKSPACE_ID is empty")
    require(settings)
    return refresh_when_newer(settings, Api(credential_of(settings)), newest_window(bigquery))


def refresh_when_newer(settings: PowerBISettings, api: Api, closed_at: datetime | None) -> Summary:
    """Refresh unless the last good refresh began after `closed_at`, when gold's newest window was closed."""
    model = find_model(settings, api)
    if model is None:
        raise FatalError("No model in the workspace", where=settings.workspace_id, remedy="make publish")
    last = last_refresh(settings, api, model)
    if closed_at is None:
        return _left_alone("gold has no window yet")
    if last.get("status") == "Completed" and datetime.fromisoformat(last["startTime"]) >= closed_at:
        return _left_alone("gold has nothing newer")
    return {"refreshed": refresh_and_wait(settings, api, model), "reason": ""}


def newest_window(settings: BigQuerySettings) -> datetime | None:
    """Return when gold's newest window was closed, UTC; None before the first."""
    sql = render(load_sql("bigquery/report/newest_window"), Target.of(settings))
    (row,) = connect(settings).query(sql, "newest_window")
    closed_at: datetime | None = row["closed_at"]
    return closed_at


def _left_alone(reason: str) -> Summary:
    return {"refreshed": None, "reason": reason}
