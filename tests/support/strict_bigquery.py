"""A proxy before the emulator that plays what the emulator does not.

A job id is taken once (409), also by an upload, whose id the emulator replaces by one of its own; a query that does not
say what it may cost at most is refused (400); and faults by plan.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import urlsplit

import httpx

HOP_BY_HOP = {"connection", "content-length", "content-encoding", "transfer-encoding", "keep-alive", "host"}
JOB_INSERT = re.compile(r"/bigquery/v2/projects/[^/]+/jobs(\?|$)")


@dataclass
class Fault:
    """What happens to the next `times` requests whose method and path (or body) match.

    `reason` answers with BigQuery's error of that reason and `status`; `lose_answer` does the work and then cuts the
    connection; `job_error` reports a job that is done as failed with that reason.
    """

    method: str
    match: str
    status: int = 503
    reason: str = ""
    lose_answer: bool = False
    job_error: str = ""
    times: int = 1


@dataclass
class StrictBigQuery:
    """The proxy. `requests` lists method, path and the status that was answered, 0 for none."""

    upstream: str
    url: str = ""
    faults: list[Fault] = field(default_factory=list)
    requests: list[tuple[str, str, int]] = field(default_factory=list)
    job_ids: set[str] = field(default_factory=set)
    sessions: dict[str, str] = field(default_factory=dict)
    real_ids: dict[str, str] = field(default_factory=dict)
    lock: Any = field(default_factory=Lock)

    def take_fault(self, method: str, text: str) -> Fault | None:
        """Return the fault that is planned for this request, once for each of its times."""
        with self.lock:
            for fault in self.faults:
                if fault.times and fault.method == method and re.search(fault.match, text):
                    fault.times -= 1
                    return fault
        return None

    def is_duplicate(self, path: str, body: bytes) -> bool:
        """Whether the request inserts a job whose id was taken before; takes it."""
        if not JOB_INSERT.search(path):
            return False
        job_id = json.loads(body).get("jobReference", {}).get("jobId", "")
        with self.lock:
            seen = job_id in self.job_ids
            self.job_ids.add(job_id)
        return seen

    def note_upload(self, path: str, body: bytes, answer: httpx.Response) -> None:
        """Remember which job an upload is of, and under what id of its own the emulator has run it."""
        if location := answer.headers.get("location"):
            self.sessions[urlsplit(location).query] = json.loads(body)["jobReference"]["jobId"]
        elif (job_id := self.sessions.get(urlsplit(path).query)) and answer.status_code == 200:
            self.real_ids[job_id] = answer.json()["jobReference"]["jobId"]

    def statuses(self, match: str) -> list[int]:
        """Return what requests whose path matches were answered."""
        return [status for _, path, status in self.requests if re.search(match, path)]


def _may_cost_anything(path: str, body: bytes) -> bool:
    """Whether the request inserts a query without a bound of the bytes that are billed; a dry run costs nothing."""
    if not JOB_INSERT.search(path):
        return False
    job = json.loads(body)["configuration"]
    return "query" in job and not job.get("dryRun") and int(job["query"].get("maximumBytesBilled", 0)) <= 0


@contextmanager
def strict_bigquery(upstream: str) -> Iterator[StrictBigQuery]:
    """Serve the proxy on a free loopback port."""
    proxy = StrictBigQuery(upstream)
    with httpx.Client(base_url=upstream, trust_env=False, timeout=300) as client:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(proxy, client))
        proxy.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _handler(proxy: StrictBigQuery, client: httpx.Client) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            text = f"{self.path} {body[:100_000].decode('utf-8', 'replace')}"
            fault = proxy.take_fault(self.command, text)
            if fault is not None and fault.reason:
                self.answer(fault.status, _error(fault.status, fault.reason))
            elif self.command == "POST" and proxy.is_duplicate(self.path, body):
                self.answer(409, _error(409, "duplicate"))
            elif self.command == "POST" and _may_cost_anything(self.path, body):
                self.answer(400, _error(400, "invalid"))
            else:
                self.forward(body, fault)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = handle_any  # noqa: N815 - names of http.server

        def forward(self, body: bytes, fault: Fault | None) -> None:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            path = _replaced(self.path, proxy.real_ids)
            found = client.request(self.command, path, content=body, headers=headers)
            proxy.note_upload(self.path, body, found)
            if fault is not None and fault.lose_answer:
                proxy.requests.append((self.command, self.path, 0))
                self.close_connection = True
                return
            content = found.content
            if fault is not None and fault.job_error:
                content = _failed(content, fault.job_error)
            # The upload's session lies at the address that the emulator believes to have.
            ids_asked_for = {real: asked for asked, real in proxy.real_ids.items()}
            content = _replaced(content.decode(), {proxy.upstream: proxy.url, **ids_asked_for}).encode()
            self.answer(found.status_code, content, dict(found.headers))

        def answer(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
            proxy.requests.append((self.command, self.path, status))
            self.send_response(status)
            for name, value in (headers or {"content-type": "application/json"}).items():
                if name.lower() not in HOP_BY_HOP | {"date", "server"}:
                    self.send_header(name, value.replace(proxy.upstream, proxy.url))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    return Handler


def _replaced(text: str, replacements: dict[str, str]) -> str:
    # An id may begin with another one.
    for old, new in sorted(replacements.items(), key=lambda each: len(each[0]), reverse=True):
        text = text.replace(old, new)
    return text


def _error(status: int, reason: str) -> bytes:
    errors = [{"reason": reason, "domain": "global", "message": "said the proxy"}]
    return json.dumps({"error": {"code": status, "message": "said the proxy", "errors": errors}}).encode()


def _failed(content: bytes, reason: str) -> bytes:
    job = json.loads(content)
    result = {"reason": reason, "message": "said the proxy", "location": "row 1"}
    job["status"] = {"state": "DONE", "errorResult": result, "errors": [result]}
    return json.dumps(job).encode()
