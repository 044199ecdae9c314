"""Mage's API, as its UI uses it."""

import base64
import json
import time
from typing import Any

import httpx

# Mage's UI sends it with every request; it is the same in every installation and protects nothing.
API_KEY = "zkWlN0PkIKSN0C11CfUHUj84OT5XOJ6tDZ6bDRO2"


class MageApi:
    """A client, logged in as the owner once `log_in` was called."""

    def __init__(self, address: str) -> None:
        self._http = httpx.Client(base_url=address, trust_env=False, timeout=240)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def scheduler_runs(self) -> bool:
        """Whether the server answers and says that its scheduler runs."""
        try:
            answer = self._http.get("/api/status")
        except httpx.TransportError:
            return False
        return answer.is_success and answer.json()["statuses"][0]["scheduler_status"] == "running"

    def log_in(self, email: str, password: str) -> None:
        """Send the login's token from now on."""
        session = self.post("/api/sessions", {"session": {"email": email, "password": password}})["session"]
        payload = session["token"].split(".")[1]
        token = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["token"]
        self._http.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """Return what a path holds; Mage answers 200 with an `error` where others answer 4xx."""
        answer: dict[str, Any] = self._http.get(path, params={"api_key": API_KEY, **query}).raise_for_status().json()
        return answer

    def post(self, path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
        """Send a document."""
        sent = self._http.post(path, json={"api_key": API_KEY, **body}, headers=headers)
        answer: dict[str, Any] = sent.raise_for_status().json()
        return answer

    def triggers(self, pipeline: str) -> dict[str, dict[str, Any]]:
        """Return the pipeline's triggers by name."""
        found = self.get(f"/api/pipelines/{pipeline}/pipeline_schedules")["pipeline_schedules"]
        return {trigger["name"]: trigger for trigger in found}

    def start(self, pipeline: str, **variables: str) -> int:
        """Start a run by the pipeline's trigger `on_demand`, with its token alone, and return its number."""
        trigger = self.triggers(pipeline)["on_demand"]
        path = f"/api/pipeline_schedules/{trigger['id']}/api_trigger"
        answer = self.post(path, {"pipeline_run": {"variables": variables}}, Authorization=f"Bearer {trigger['token']}")
        return int(answer["pipeline_run"]["id"])

    def runs(self, pipeline: str) -> list[dict[str, Any]]:
        """Return the pipeline's runs, the oldest first; one that was due while another ran is `cancelled`."""
        found: list[dict[str, Any]] = self.get("/api/pipeline_runs", pipeline_uuid=pipeline)["pipeline_runs"]
        return sorted(found, key=lambda run: int(run["id"]))

    def wait_for_end(self, run: int, seconds: float = 300) -> dict[str, Any]:
        """Return a run once it has ended."""
        deadline = time.monotonic() + seconds
        while True:
            found: dict[str, Any] = self.get(f"/api/pipeline_runs/{run}")["pipeline_run"]
            if found["status"] in {"completed", "failed", "cancelled"}:
                return found
            assert time.monotonic() < deadline, found["status"]
            time.sleep(0.5)
