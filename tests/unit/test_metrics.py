"""Metrics and probes over HTTP, on a port that was free a moment ago."""

import socket
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry, Counter

from contracts.errors import ConfigurationError
from contracts.metrics import serve
from stack.ports import free_port


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
            return int(answer.status), answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_metrics_and_probes_are_what_they_are_at_that_moment() -> None:
    registry, port, problems = CollectorRegistry(), free_port(), [""]
    landed = Counter("landed_events", "Events that landed.", registry=registry)
    with serve(registry, port, ready=lambda: problems[0]):
        landed.inc(3)
        assert "landed_events_total 3.0" in get(port, "/metrics")[1]
        assert get(port, "/live") == (200, "ok\n")
        assert get(port, "/ready") == (200, "ok\n")
        problems[0] = "no rows for 60 s"
        assert get(port, "/ready") == (503, "no rows for 60 s\n")
        assert get(port, "/live") == (200, "ok\n")
        assert get(port, "/")[0] == 404
    with pytest.raises(OSError, match="refused"):
        get(port, "/live")


def test_port_zero_serves_nothing() -> None:
    with serve(CollectorRegistry(), 0):
        pass


def test_a_taken_port_is_a_configuration_error() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ConfigurationError) as caught, serve(CollectorRegistry(), port):
            pass
    assert str(port) in caught.value.where
