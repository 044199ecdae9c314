"""Publish in the order that Power BI needs: own, publish and bind, schedule, refresh and wait, viewers, ask."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from contracts.errors import ConfigurationError, FatalError, TransientError
from contracts.settings import PowerBISettings
from powerbi.model import Model
from powerbi.publish import calls
from powerbi.publish.api import Api
from powerbi.publish.calls import Call

MODEL_NAME = "Tripline"
POLL_SECONDS = 15.0
_REQUIRED = ("tenant_id", "client_id", "workspace_id", "connection_id")
_RUNNING = "Unknown"
"""Power BI's word for a refresh that has not ended."""


def require(settings: PowerBISettings) -> None:
    """Raise ConfigurationError when a setting that publishing needs is empty."""
    names = {field: name for name, field in settings.names().items()}
    missing = [names[field] for field in _REQUIRED if not getattr(settings, field)]
    missing += [] if settings.client_secret.get_secret_value() else [names["client_secret"]]
    if missing:
        raise ConfigurationError("Settings for publishing are missing", where=", ".join(missing))


def publish(settings: PowerBISettings, api: Api, publish_items: Callable[[], None]) -> dict[str, Any]:
    """Publish, refresh, and return what the published model answers; `publish_items` puts the items there."""
    before = find_model(settings, api)
    if before:
        api.send(calls.take_over(settings, before))
    publish_items()
    model = find_model(settings, api)
    if model is None:
        raise FatalError("The model is not in the workspace after publishing", where=settings.workspace_id)
    api.send(calls.schedule(settings, model))
    refreshed = refresh_and_wait(settings, api, model)
    for group in viewers(settings):
        api.send(calls.viewer(settings, group))
    return {"model": model, "refreshed": refreshed, **_ask(settings, api, model)}


def refresh_and_wait(settings: PowerBISettings, api: Api, model: str) -> str:
    """Refresh the model, after a refresh that runs already, and return when the refresh ended.

    Raises FatalError with the reason of a failed refresh, TransientError when it takes too long.
    """
    _wait(settings, api, model)
    status, answer = api.send(calls.refresh(settings, model))
    if status == 400:
        if not _is_running(last_refresh(settings, api, model)):
            code = answer.get("error", {}).get("code", "")
            raise FatalError(f"Power BI refused to refresh the model ({code})", where=model)
        _wait(settings, api, model)
        status, answer = api.send(calls.refresh(settings, model))
        if status == 400:
            raise TransientError("Another refresh keeps running", where=model, remedy="Try again later.")
    last = _wait(settings, api, model)
    if last.get("status") != "Completed":
        raise FatalError(f"The refresh failed: {_reason(last)}", where=model, remedy="See docs/powerbi.md, refresh.")
    return str(last.get("endTime", ""))


def find_model(settings: PowerBISettings, api: Api) -> str | None:
    """Return the id of the model in the workspace, or None."""
    _, answer = api.send(calls.list_models(settings))
    return next((each["id"] for each in answer.get("value", []) if each.get("displayName") == MODEL_NAME), None)


def planned_calls(settings: PowerBISettings, model: Model) -> Iterator[Call]:
    """Return every call of a run in its order, with `<model>` for an id that only the run will know."""
    there = "<model>"
    items = f"{calls.FABRIC}/workspaces/{settings.workspace_id}/items"
    yield calls.list_models(settings)
    yield calls.take_over(settings, there)
    for item in ("SemanticModel", "Report"):
        parts = f"<{len(model.tables)} tables and the rest>" if item == "SemanticModel" else "<pages>"
        body = {"type": item, "displayName": MODEL_NAME, "definition": parts}
        yield Call(f"publish the {item} (fabric-cicd)", "POST", items, body)
        if item == "SemanticModel":
            url = f"{calls.FABRIC}/workspaces/{settings.workspace_id}/semanticModels/{there}/bindConnection"
            binding = {"connectionBinding": {"id": settings.connection_id, "connectivityType": "ShareableCloud"}}
            yield Call("bind the connection to BigQuery (fabric-cicd)", "POST", url, binding)
    yield calls.schedule(settings, there)
    yield calls.refresh(settings, there)
    yield calls.last_refresh(settings, there)
    for group in viewers(settings):
        yield calls.viewer(settings, group)
    if settings.smoke_user:
        yield calls.smoke_query(settings, there)


def viewers(settings: PowerBISettings) -> list[str]:
    """Return the groups that may view."""
    return [group.strip() for group in settings.viewers.split(",") if group.strip()]


def _ask(settings: PowerBISettings, api: Api, model: str) -> dict[str, Any]:
    if not settings.smoke_user:
        return {"smoke_query": "not asked (TRIPLINE_POWERBI_SMOKE_USER is empty)"}
    _, answer = api.send(calls.smoke_query(settings, model))
    rows = answer["results"][0]["tables"][0]["rows"]
    return {name.strip("[]").replace(" ", "_"): value for name, value in rows[0].items()}


def last_refresh(settings: PowerBISettings, api: Api, model: str) -> dict[str, Any]:
    """Return the newest refresh as Power BI tells of it: `status`, `startTime`, `endTime`; empty before the first."""
    _, answer = api.send(calls.last_refresh(settings, model))
    return next(iter(answer.get("value", [])), {})


def _is_running(refresh: dict[str, Any]) -> bool:
    return refresh.get("status") == _RUNNING


def _wait(settings: PowerBISettings, api: Api, model: str) -> dict[str, Any]:
    """Return the newest refresh once it has ended."""
    for _ in range(int(settings.refresh_minutes * 60 / POLL_SECONDS)):
        last = last_refresh(settings, api, model)
        if not _is_running(last):
            return last
        api.sleep(POLL_SECONDS)
    raise TransientError(f"The refresh takes longer than {settings.refresh_minutes} minutes", where=model)


def _reason(refresh: dict[str, Any]) -> str:
    """Return Power BI's error code, which it sends as JSON in a string."""
    try:
        return str(json.loads(refresh.get("serviceExceptionJson", ""))["errorCode"])
    except (ValueError, KeyError):
        return str(refresh.get("status", "no answer"))
