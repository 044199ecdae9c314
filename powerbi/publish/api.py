"""Send calls to Power BI and Fabric: tokens, waiting when asked to, errors by status."""

import time
from collections.abc import Callable
from typing import Any

import requests
from azure.core.credentials import TokenCredential
from azure.identity import ClientSecretCredential

from contracts.errors import ConfigurationError, FatalError, TransientError, UnreachableError
from contracts.settings import PowerBISettings
from powerbi.publish.calls import POWER_BI, Call

_POWER_BI_SCOPE = "https://analysis.windows.net/powerbi/api/.default"
_FABRIC_SCOPE = "https://api.fabric.microsoft.com/.default"
_TIMEOUT_SECONDS = 60
_ATTEMPTS = 5
_DEFAULT_WAIT_SECONDS = 30.0
_TOO_MANY, _SERVER_ERRORS = 429, 500
_REMEDIES = {
    401: "Check TRIPLINE_POWERBI_TENANT_ID, _CLIENT_ID and _CLIENT_SECRET.",
    403: "The service principal must be Contributor of the workspace, may need a user's right to the connection, "
    "and the tenant must let service principals call the APIs.",
    404: "Check TRIPLINE_POWERBI_WORKSPACE_ID and _CONNECTION_ID.",
}


def credential_of(settings: PowerBISettings) -> TokenCredential:
    """Return the service principal that the settings name."""
    return ClientSecretCredential(settings.tenant_id, settings.client_id, settings.client_secret.get_secret_value())


class Api:
    """Sends calls as one service principal."""

    def __init__(self, credential: TokenCredential, sleep: Callable[[float], None] = time.sleep) -> None:
        self._credential = credential
        self.sleep = sleep

    def send(self, call: Call) -> tuple[int, dict[str, Any]]:
        """Return status and JSON of the answer; 429 and 5xx are tried again after the time that the answer names.

        Raises ConfigurationError for 401, 403 and 404, TransientError when it stays busy, UnreachableError without an
        answer, and FatalError for any other refusal.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            answer = self._request(call)
            if answer.ok or answer.status_code in call.accept:
                return answer.status_code, _json(answer)
            if answer.status_code != _TOO_MANY and answer.status_code < _SERVER_ERRORS:
                raise _refused(call, answer)
            if attempt < _ATTEMPTS:
                self.sleep(float(answer.headers.get("Retry-After", _DEFAULT_WAIT_SECONDS)))
        raise TransientError(
            f"Power BI stays busy ({answer.status_code}): {call.purpose}", where=call.url, remedy="Try again later."
        )

    def _request(self, call: Call) -> requests.Response:
        scope = _POWER_BI_SCOPE if call.url.startswith(POWER_BI) else _FABRIC_SCOPE
        headers = {"Authorization": f"Bearer {self._credential.get_token(scope).token}"}
        try:
            return requests.request(call.method, call.url, headers=headers, json=call.body, timeout=_TIMEOUT_SECONDS)
        except requests.ConnectionError as error:
            raise UnreachableError("Power BI does not answer", where=call.url) from error


def _refused(call: Call, answer: requests.Response) -> FatalError:
    code = _json(answer).get("error", {}).get("code", "")
    remedy = _REMEDIES.get(answer.status_code, "")
    kind = ConfigurationError if remedy else FatalError
    return kind(f"Power BI refused to {call.purpose} ({answer.status_code} {code})", where=call.url, remedy=remedy)


def _json(answer: requests.Response) -> dict[str, Any]:
    try:
        content = answer.json()
    except requests.JSONDecodeError:
        return {}
    return content if isinstance(content, dict) else {}
