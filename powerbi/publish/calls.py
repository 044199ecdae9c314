"""Every REST call that publishing makes, as data: what a dry run prints is what a real run sends."""

from typing import Any, NamedTuple

from contracts.settings import PowerBISettings

FABRIC = "https://api.fabric.microsoft.com/v1"
POWER_BI = "https://api.powerbi.com/v1.0/myorg"
ALREADY_THERE = 409
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
SMOKE_QUERY = 'EVALUATE ROW("trips", [Trips], "revenue", [Revenue], "checks apart", [Checks Apart])'


class Call(NamedTuple):
    """One request. `accept` names statuses beside 2xx that are no error."""

    purpose: str
    method: str
    url: str
    body: dict[str, Any] | None = None
    accept: frozenset[int] = frozenset()


def list_models(settings: PowerBISettings) -> Call:
    """Fabric: List Semantic Models."""
    return Call("find the model", "GET", f"{FABRIC}/workspaces/{settings.workspace_id}/semanticModels")


def take_over(settings: PowerBISettings, model: str) -> Call:
    """Power BI: Take Over In Group; only the owner may bind, schedule and refresh."""
    return Call("own the model", "POST", f"{_model(settings, model)}/Default.TakeOver")


def schedule(settings: PowerBISettings, model: str) -> Call:
    """Power BI: Update Refresh Schedule In Group."""
    value = {
        "enabled": True,
        "days": DAYS,
        "times": settings.refresh_times.split(","),
        "localTimeZoneId": settings.time_zone,
        "notifyOption": "NoNotification",
    }
    return Call("refresh every day", "PATCH", f"{_model(settings, model)}/refreshSchedule", {"value": value})


def refresh(settings: PowerBISettings, model: str) -> Call:
    """Power BI: Refresh Dataset In Group. 400 also stands for a refresh that runs already."""
    body = {"notifyOption": "NoNotification"}
    return Call("refresh now", "POST", f"{_model(settings, model)}/refreshes", body, frozenset({400}))


def last_refresh(settings: PowerBISettings, model: str) -> Call:
    """Power BI: Get Refresh History In Group, the newest."""
    return Call("watch the refresh", "GET", f"{_model(settings, model)}/refreshes?$top=1")


def viewer(settings: PowerBISettings, group: str) -> Call:
    """Fabric: Add Workspace Role Assignment; 409 says that the group has one."""
    body = {"principal": {"id": group, "type": "Group"}, "role": "Viewer"}
    url = f"{FABRIC}/workspaces/{settings.workspace_id}/roleAssignments"
    return Call("let a group view", "POST", url, body, frozenset({ALREADY_THERE}))


def smoke_query(settings: PowerBISettings, model: str) -> Call:
    """Power BI: Execute Queries In Group, as a person: with roles a service principal alone may not ask."""
    body = {"queries": [{"query": SMOKE_QUERY}], "impersonatedUserName": settings.smoke_user}
    return Call("ask the published model", "POST", f"{_model(settings, model)}/executeQueries", body)


def _model(settings: PowerBISettings, model: str) -> str:
    return f"{POWER_BI}/groups/{settings.workspace_id}/datasets/{model}"
