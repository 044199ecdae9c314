"""The services in Docker, by the images that docker-compose.yml names, on loopback ports, always removed."""

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import docker
import httpx
from pydantic import SecretStr
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from contracts.broker import connect_admin
from contracts.errors import TriplineError
from contracts.lake import connect
from contracts.settings import BigQuerySettings, KafkaSettings, LakeSettings
from stack import emulator
from stack.ports import LOOPBACK, free_port
from stack.process import ProcessIdentity, is_alive
from tests.services.choice import IMAGES

# Its reaper is an image of its own, and every container is removed here anyway.
testcontainers_config.ryuk_disabled = True
OWNER = "tripline.test-process"


@contextmanager
def kafka_container() -> Iterator[KafkaSettings]:
    """A broker in Docker; it advertises the loopback port that it is published on."""
    port = free_port()
    settings = KafkaSettings(bootstrap_servers=f"{LOOPBACK}:{port}")
    properties = {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_LISTENERS": f"PLAINTEXT://:{port},CONTROLLER://localhost:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{LOOPBACK}:{port}",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "4",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    }
    container = DockerContainer(IMAGES["kafka"]).with_envs(**properties)
    with _running(container, {port: port}):
        _wait(container, lambda: connect_admin(settings.model_copy(update={"timeout_seconds": 2})))
        yield settings


@contextmanager
def postgres_container() -> Iterator[LakeSettings]:
    """A Postgres in Docker with a random password."""
    port, password = free_port(), secrets.token_urlsafe(16)
    lake = LakeSettings(host=LOOPBACK, port=port, database="postgres", password=SecretStr(password), sslmode="disable")
    container = DockerContainer(IMAGES["postgres"]).with_envs(
        POSTGRES_USER=lake.user, POSTGRES_PASSWORD=password, POSTGRES_DB="postgres"
    )
    with _running(container, {5432: port}):
        # The image starts its server twice, and the first one listens on no port.
        _wait(container, lambda: connect(lake, application="test").close())
        yield lake


@contextmanager
def bigquery_container() -> Iterator[BigQuerySettings]:
    """The emulator in Docker, in memory; started as docker-compose.yml starts it."""
    port = free_port()
    settings = BigQuerySettings(emulator_url=f"http://{LOOPBACK}:{port}")
    container = DockerContainer(IMAGES["bigquery"]).with_command(
        ["start", "--rest-host", "0.0.0.0", "--grpc-host", "0.0.0.0", "--log-level", "warning"]  # noqa: S104 - in there
    )
    container.with_volume_mapping(emulator.__file__, "/opt/tripline/emulator.py")
    with _running(container, {9050: port}, entrypoint=["python", "/opt/tripline/emulator.py"]):
        _wait(container, lambda: httpx.get(f"{settings.emulator_url}/readyz", trust_env=False).raise_for_status())
        yield settings


@contextmanager
def _running(container: DockerContainer, ports: dict[int, int], **options: object) -> Iterator[None]:
    published: Any = {f"{inside}/tcp": (LOOPBACK, outside) for inside, outside in ports.items()}
    container.ports.update(published)
    _remove_abandoned(container.get_docker_client().client)
    me = ProcessIdentity.of(os.getpid())
    container.with_kwargs(labels={OWNER: f"{me.pid} {me.started}"}, **options)
    container.start()
    try:
        yield
    finally:
        container.stop()


def _remove_abandoned(client: docker.DockerClient) -> None:
    """Remove what test runs that were killed have left."""
    for container in client.containers.list(all=True, filters={"label": OWNER}):
        pid, started = container.labels[OWNER].split()
        if not is_alive(ProcessIdentity(int(pid), float(started))):
            try:
                container.remove(force=True, v=True)
            except docker.errors.APIError as error:
                # Tests run side by side, and another one was faster.
                if error.status_code not in {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}:
                    raise


def _wait(container: DockerContainer, probe: Callable[[], object], seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            probe()
        except (TriplineError, httpx.HTTPError):
            if time.monotonic() > deadline or container.status == "exited":
                out, err = container.get_logs()
                raise AssertionError(f"{container.image} is not healthy\n{out.decode()}\n{err.decode()}") from None
            time.sleep(0.2)
        else:
            return
