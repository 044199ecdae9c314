"""Power BI's and Fabric's REST endpoints as far as publishing needs them, strict about order, bodies and rights."""

import base64
import json
import re
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import requests
from azure.core.credentials import AccessToken

WORKSPACE = "aaaaaaaa-0000-0000-0000-000000000000"
CONNECTION = "11111111-2222-3333-4444-555555555555"
MODEL, REPORT = "0000000a-0000-0000-0000-000000000000", "0000000b-0000-0000-0000-000000000000"
BIGQUERY = {"type": "GoogleBigQuery", "path": "GoogleBigQuery"}
_FABRIC = rf"https://api\.(?:fabric\.microsoft|powerbi)\.com/v1/workspaces/{WORKSPACE}"
_DATASET = rf"https://api\.powerbi\.com/v1\.0/myorg/groups/{WORKSPACE}/datasets/(?P<model>[^/?]+)"


class Sent(NamedTuple):
    """A request that arrived."""

    method: str
    url: str
    body: Any


class Answer(NamedTuple):
    """What the endpoint answers."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = {}  # noqa: RUF012 - never changed


class Credential:
    """A service principal whose tokens the fake knows."""

    def __init__(self, token: str) -> None:
        self.token = token

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        """Return the token, good for an hour."""
        return AccessToken(self.token, int(time.time()) + 3600)


def token_of(application: str) -> str:
    """Return a token as Entra forms it, unsigned."""
    claims = {"exp": int(time.time()) + 3600, "appid": application, "idtyp": "app", "oid": application}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in ({}, claims)]
    return ".".join([*parts, "signature"])


class FakePowerBi:
    """One workspace. Set `model_owner` to let a person own the model, `faults` to answer something else once."""

    def __init__(self) -> None:
        self.token = token_of("publisher")
        self.items: dict[str, dict[str, Any]] = {}
        self.model_owner = ""
        self.bound = ""
        self.schedule: dict[str, Any] = {}
        self.refreshes: list[dict[str, Any]] = []
        self.outcomes = ["Completed"]
        self.polls_until_end = 2
        self.viewers: set[str] = set()
        self.sent: list[Sent] = []
        self.faults: dict[str, list[Answer]] = {}
        self._routes: list[tuple[str, str, Callable[[re.Match[str], Any], Answer]]] = [
            ("GET", rf"{_FABRIC}", lambda _m, _b: Answer(200, {"id": WORKSPACE})),
            ("GET", rf"{_FABRIC}/folders", lambda _m, _b: Answer(200, {"value": []})),
            ("GET", rf"{_FABRIC}/items", lambda _m, _b: Answer(200, {"value": self._listed()})),
            ("POST", rf"{_FABRIC}/items", self._create),
            ("POST", rf"{_FABRIC}/items/(?P<item>[^/]+)/updateDefinition.*", self._update),
            ("PATCH", rf"{_FABRIC}/items/(?P<item>[^/]+)", lambda _m, _b: Answer(200, {})),
            ("GET", rf"{_FABRIC}/items/(?P<item>[^/]+)/connections", self._connections),
            ("GET", rf"{_FABRIC}/semanticModels", lambda _m, _b: Answer(200, {"value": self._listed("Sem")})),
            ("GET", r"https://api\.fabric\.microsoft\.com/v1/connections", self._all_connections),
            ("POST", rf"{_FABRIC}/semanticModels/(?P<model>[^/]+)/bindConnection", self._bind),
            ("POST", rf"{_FABRIC}/roleAssignments", self._role),
            ("POST", rf"{_DATASET}/Default\.TakeOver", self._take_over),
            ("PATCH", rf"{_DATASET}/refreshSchedule", self._schedule),
            ("POST", rf"{_DATASET}/refreshes", self._refresh),
            ("GET", rf"{_DATASET}/refreshes\?\$top=1", self._history),
            ("POST", rf"{_DATASET}/executeQueries", self._query),
        ]

    def request(  # noqa: PLR0913 - the signature of requests.request
        self,
        method: str,
        url: str,
        *,
        headers: dict[str, str],
        json: Any = None,
        files: Any = None,
        timeout: Any = None,
    ) -> requests.Response:
        """Answer as `requests.request` would."""
        body = None if json == "{}" else json
        self.sent.append(Sent(method, url, body))
        answer = self._fault(method, url) or self._answer(method, url, body, headers.get("Authorization", ""))
        response = requests.Response()
        response.status_code, response.url = answer.status, url
        response.headers.update({"Content-Type": "application/json", **answer.headers})
        response._content = _bytes(answer.body)
        return response

    def calls(self, part: str) -> list[Sent]:
        """Return the requests whose URL contains `part`."""
        return [sent for sent in self.sent if part in sent.url]

    def text(self, item: str, path: str) -> str:
        """Return a published file of an item."""
        parts = {part["path"]: part["payload"] for part in self.items[item]["definition"]["parts"]}
        return base64.b64decode(parts[path]).decode()

    def _fault(self, method: str, url: str) -> Answer | None:
        for part, answers in self.faults.items():
            if part in f"{method} {url}" and answers:
                return answers.pop(0)
        return None

    def _answer(self, method: str, url: str, body: Any, authorization: str) -> Answer:
        if authorization != f"Bearer {self.token}":
            return _error(401, "TokenExpired")
        for of, pattern, handler in self._routes:
            match = re.fullmatch(pattern, url)
            if of == method and match:
                if "model" in match.groupdict() and match["model"] not in self.items:
                    return _error(404, "ItemNotFound")
                return handler(match, body)
        return _error(404, "UnknownEndpoint")

    def _listed(self, kind: str = "") -> list[dict[str, Any]]:
        listed = [
            {"id": name, "type": item["type"], "displayName": item["displayName"], "description": ""}
            for name, item in self.items.items()
        ]
        return [each for each in listed if each["type"].startswith(kind)]

    def _create(self, _match: re.Match[str], body: Any) -> Answer:
        name = {"SemanticModel": MODEL, "Report": REPORT}[body["type"]]
        if name in self.items:
            return _error(400, "ItemDisplayNameAlreadyInUse")
        if body["type"] == "Report" and MODEL not in self.items:
            return _error(400, "DatasetNotFound")
        self.items[name] = body
        if body["type"] == "SemanticModel":
            self.model_owner = "publisher"
        return Answer(201, {"id": name})

    def _update(self, match: re.Match[str], body: Any) -> Answer:
        self.items[match["item"]] |= {"definition": body["definition"]}
        self.bound = "" if match["item"] == MODEL else self.bound
        return Answer(200, {})

    def _connections(self, _match: re.Match[str], _body: Any) -> Answer:
        return Answer(200, {"value": [{"connectivityType": "None", "connectionDetails": BIGQUERY}]})

    def _all_connections(self, _match: re.Match[str], _body: Any) -> Answer:
        shared = {"id": CONNECTION, "connectivityType": "ShareableCloud", "connectionDetails": BIGQUERY}
        return Answer(200, {"value": [shared]})

    def _bind(self, _match: re.Match[str], body: Any) -> Answer:
        wanted = {"id": CONNECTION, "connectivityType": "ShareableCloud", "connectionDetails": BIGQUERY}
        if body != {"connectionBinding": wanted}:
            return _error(400, "InvalidConnection")
        return self._as_owner(lambda: setattr(self, "bound", CONNECTION))

    def _take_over(self, _match: re.Match[str], body: Any) -> Answer:
        self.model_owner = "publisher"
        return Answer(200, {}) if body is None else _error(400, "InvalidRequest")

    def _schedule(self, _match: re.Match[str], body: Any) -> Answer:
        value = body["value"]
        good = value["days"] and all(re.fullmatch(r"\d\d:[03]0", each) for each in value["times"])
        if not good or value["notifyOption"] != "NoNotification":
            return _error(400, "InvalidRequest")
        return self._as_owner(lambda: setattr(self, "schedule", value))

    def _refresh(self, _match: re.Match[str], body: Any) -> Answer:
        if any(each["status"] == "Unknown" for each in self.refreshes):
            return _error(400, "InvalidRequest")
        if not self.bound or body != {"notifyOption": "NoNotification"}:
            return _error(400, "DMTS_DatasourceHasNoCredentialError")
        self.refreshes.append({"status": "Unknown", "startTime": "2026-06-18T05:30:00Z", "polls": self.polls_until_end})
        return Answer(202, {})

    def _history(self, _match: re.Match[str], _body: Any) -> Answer:
        for each in self.refreshes[-1:]:
            each["polls"] -= 1
            if each["polls"] <= 0 and each["status"] == "Unknown":
                each |= {"status": self.outcomes.pop(0), "endTime": "2026-06-18T05:31:00Z"}
                if each["status"] == "Failed":
                    each["serviceExceptionJson"] = '{"errorCode":"ModelRefresh_ShortMessage_ProcessingError"}'
        return Answer(200, {"value": self.refreshes[-1:]})

    def _role(self, _match: re.Match[str], body: Any) -> Answer:
        if body["role"] != "Viewer" or body["principal"]["type"] != "Group":
            return _error(400, "InvalidInput")
        if body["principal"]["id"] in self.viewers:
            return _error(409, "PrincipalAlreadyHasWorkspaceRolePermissions")
        self.viewers.add(body["principal"]["id"])
        return Answer(201, {})

    def _query(self, _match: re.Match[str], body: Any) -> Answer:
        if not self.refreshes or self.refreshes[-1]["status"] != "Completed" or not body.get("impersonatedUserName"):
            return _error(400, "DatasetExecuteQueriesError")
        row = {"[trips]": 15000, "[revenue]": 193652.5, "[checks apart]": 0}
        return Answer(200, {"results": [{"tables": [{"rows": [row]}]}]})

    def _as_owner(self, change: Callable[[], None]) -> Answer:
        if self.model_owner != "publisher":
            return _error(403, "Unauthorized")
        change()
        return Answer(200, {})


def _error(status: int, code: str) -> Answer:
    return Answer(status, {"error": {"code": code}, "errorCode": code}, {"x-ms-public-api-error-code": code})


def _bytes(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()
