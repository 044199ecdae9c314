"""Where the tests find a service: at an address that is given, in Docker, or natively.

    TRIPLINE_TEST_KAFKA=127.0.0.1:9092                              a broker that runs already
    TRIPLINE_TEST_LAKE=postgresql://user:password@127.0.0.1:5432    a Postgres; the role must be allowed CREATE DATABASE
    TRIPLINE_TEST_BIGQUERY=http://127.0.0.1:9050                    an emulator
    TRIPLINE_TEST_BIGQUERY=bigquery://my-project/EU                 the real service, with Google's default credentials
    TRIPLINE_TEST_SERVICES=native|docker                            forces one for all that have no address

Without them a service runs in Docker when a daemon answers and has its image, and natively otherwise.
"""

import os
import socket
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import docker
from docker.errors import DockerException
from requests.exceptions import RequestException

from contracts.settings import BigQuerySettings

IMAGES = {
    "kafka": "apache/kafka:4.1.0",
    "postgres": "postgres:18",
    "bigquery": "ghcr.io/jjviscomi/bqemulator:1.4.0",
}
ADDRESS_VARIABLES = {
    "kafka": "TRIPLINE_TEST_KAFKA",
    "postgres": "TRIPLINE_TEST_LAKE",
    "bigquery": "TRIPLINE_TEST_BIGQUERY",
}


class Source(StrEnum):
    """Where a service comes from."""

    GIVEN = "given"
    DOCKER = "docker"
    NATIVE = "native"


class Choice:
    """Decides from the environment that pytest was started in."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._addresses = {name: environ.get(variable, "") for name, variable in ADDRESS_VARIABLES.items()}
        self._forced = Source(environ["TRIPLINE_TEST_SERVICES"]) if "TRIPLINE_TEST_SERVICES" in environ else None

    def address(self, service: str) -> str:
        """Return the given address, or an empty string."""
        return self._addresses[service]

    def source(self, service: str) -> Source:
        """Return where this service comes from."""
        if self._addresses[service]:
            return Source.GIVEN
        if self._forced:
            return self._forced
        return Source.DOCKER if IMAGES[service] in local_images() else Source.NATIVE

    def __str__(self) -> str:
        """One line for pytest's header."""
        return "services: " + ", ".join(f"{name} {self.source(name)}" for name in IMAGES)


def bigquery_at(address: str) -> BigQuerySettings:
    """Return the settings of an emulator, or of a project of the real service."""
    url = urlsplit(address)
    if url.scheme == "bigquery":
        return BigQuerySettings(project=url.netloc, location=url.path.strip("/") or "US")
    return BigQuerySettings(emulator_url=address)


@cache
def local_images() -> frozenset[str]:
    """Return the tags of the images that the Docker daemon has; none when no daemon answers."""
    if "DOCKER_HOST" not in os.environ and not _listens(Path("/var/run/docker.sock")):
        return frozenset()
    try:
        client = docker.from_env(timeout=60)
        try:
            return frozenset(tag for image in client.images.list() for tag in image.tags)
        finally:
            client.close()
    except (DockerException, RequestException):
        return frozenset()


def _listens(address: Path) -> bool:
    """Whether somebody is behind this socket: the file of a daemon that was killed stays."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(60)
        try:
            probe.connect(str(address))
        except OSError:
            return False
        return True
