"""What a process tells machines over HTTP: its Prometheus metrics, whether it lives, and whether it is ready."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TypeAlias

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from contracts.errors import ConfigurationError

Answer: TypeAlias = tuple[int, str, bytes]
"""Status, content type, body."""
Probe: TypeAlias = Callable[[], str]
"""Says what is wrong in one line, or nothing when all is well. Called in a thread of its own."""


def all_is_well() -> str:
    """Answer a probe that nothing can fail but the process being gone."""
    return ""


@contextmanager
def serve(
    registry: CollectorRegistry,
    port: int,
    host: str = "127.0.0.1",
    *,
    live: Probe = all_is_well,
    ready: Probe = all_is_well,
) -> Iterator[None]:
    """Serve `/metrics`, `/live` and `/ready` meanwhile; nothing at all with port 0.

    A probe answers 200, or 503 with what is wrong. Raises ConfigurationError when the address cannot be taken.
    """
    if port == 0:
        yield
        return
    try:
        server = ThreadingHTTPServer((host, port), _handler(registry, {"/live": live, "/ready": ready}))
    except OSError as error:
        raise ConfigurationError(
            f"The metrics cannot be served: {error.strerror or error}",
            where=f"{host}:{port}",
            remedy="Give the …_METRICS_PORT setting a free port, or 0 for none.",
        ) from error
    server.daemon_threads = True
    # The poll interval is how long the end of the process waits for the server.
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="metrics", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(registry: CollectorRegistry, probes: dict[str, Probe]) -> type[BaseHTTPRequestHandler]:
    def answer(path: str, accept: str) -> Answer:
        if path == "/metrics":
            encode, content_type = choose_encoder(accept)
            return 200, content_type, encode(registry)
        if path in probes:
            problem = probes[path]()
            return 503 if problem else 200, "text/plain; charset=utf-8", f"{problem or 'ok'}\n".encode()
        return 404, "text/plain; charset=utf-8", b"Here are /metrics, /live and /ready.\n"

    class Handler(BaseHTTPRequestHandler):
        timeout = 5.0  # of a client that says nothing

        def do_GET(self) -> None:
            status, content_type, body = answer(self.path.partition("?")[0], self.headers.get("Accept", ""))
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep scrapes out of the log."""

    return Handler
