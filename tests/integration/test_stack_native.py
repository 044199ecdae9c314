"""The native services: they start, listen on loopback only, keep their data, report their deaths, and leave nothing."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from contracts.broker import ensure_topic
from contracts.errors import BusyError, ConfigurationError, ExitCode, PartDiedError, UnreachableError
from contracts.lake import connect
from contracts.settings import KafkaSettings, StackSettings, child_environment
from stack.native import SERVICES, native_stack
from stack.process import is_alive, members_of
from stack.state import StackFolder
from tests.support.listening import listening_addresses
from tests.support.mage_server import lives

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for a stack; the account that runs Postgres can reach it."""
    made = StackFolder(Path(tempfile.mkdtemp(prefix="tripline-test-")))
    made.path.chmod(0o711)
    yield made.path
    if made.path.exists():
        made.wipe()


def put(kafka: KafkaSettings, value: bytes) -> None:
    producer = Producer({**kafka.client_config(), "acks": "all"})
    producer.produce(kafka.topic, value, partition=0)
    assert producer.flush(60) == 0


def get(kafka: KafkaSettings) -> bytes | None:
    consumer = Consumer({**kafka.client_config(), "group.id": "test", "enable.auto.commit": False})
    consumer.assign([TopicPartition(kafka.topic, 0, 0)])
    message = consumer.poll(60)
    consumer.close()
    assert message is not None
    return message.value()


def test_data_survive_a_stop_and_a_kill(folder: Path) -> None:
    with native_stack(folder) as stack:
        ports = stack.ports
        ensure_topic(stack.kafka)
        put(stack.kafka, b"kept")
        with connect(stack.lake, application="test", autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        datasets = f"{stack.bigquery.emulator_url}/bigquery/v2/projects/{stack.bigquery.project}/datasets"
        dataset = {"datasetReference": {"datasetId": "kept", "projectId": stack.bigquery.project}}
        httpx.post(datasets, json=dataset, trust_env=False, timeout=60).raise_for_status()
        for part in stack.running.values():
            part.kill()
        for name in SERVICES:
            stack.restart(name)
        assert get(stack.kafka) == b"kept"

    with native_stack(folder) as stack:
        assert stack.ports == ports, "free ports are taken again"
        assert get(stack.kafka) == b"kept"
        with connect(stack.lake, application="test") as connection:
            assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
        assert (
            httpx.get(f"{datasets}/kept", trust_env=False, timeout=60).json()["datasetReference"]["datasetId"] == "kept"
        )


def test_everything_listens_on_loopback_only_and_nothing_is_left(folder: Path) -> None:
    with native_stack(folder) as stack:
        members = [member for part in stack.running.values() for member in members_of(part.identity)]
        listening = listening_addresses(members)
        assert {ip for ip, _ in listening} <= {"127.0.0.1", "::ffff:127.0.0.1", "::1"}
        assert {port for _, port in listening} >= set(stack.ports.values())
        assert stack.folder.secret_file("lake_password").stat().st_mode & 0o777 == 0o600
    assert [member for member in members if lives(member)] == []
    assert StackFolder(folder).read().parts == ()


def test_the_lake_is_durable_and_asks_for_its_password(folder: Path) -> None:
    with native_stack(folder, parts=["postgres"]) as stack:
        with connect(stack.lake, application="test") as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                assert connection.execute("SELECT current_setting(%s)", (setting,)).fetchone() == ("on",)
            methods = connection.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules").fetchall()
            assert methods == [("scram-sha-256",)]
        wrong = stack.lake.model_copy(update={"password": type(stack.lake.password)("wrong")})
        with pytest.raises(ConfigurationError, match="password"):
            connect(wrong, application="test")


@pytest.mark.parametrize("service", SERVICES)
def test_a_killed_service_is_reported_with_the_tail_of_its_log(folder: Path, service: str) -> None:
    with native_stack(folder, parts=[service]) as stack:
        stack.check()
        stack.running[service].kill()
        with pytest.raises(PartDiedError, match=f"{service} was ended by SIGKILL") as died:
            stack.check()
        assert died.value.exit_code == ExitCode.PART_DIED
        assert died.value.where == str(folder / "logs" / f"{service}.log")
        if service != "bigquery":  # The emulator logs warnings only.
            assert "  | " in died.value.remedy


def test_a_service_that_cannot_start_is_reported_with_what_it_said(folder: Path) -> None:
    with native_stack(folder, parts=["postgres"]) as stack:
        data = stack.folder.path / "postgres" / "data"
    (data / "PG_VERSION").write_text("17\n", encoding="ascii")
    with (
        pytest.raises(PartDiedError, match=r"postgres ended by itself with exit code 1(.|\n)*not compatible"),
        native_stack(folder, parts=["postgres"]),
    ):
        pass
    assert StackFolder(folder).living_parts() == []


def test_a_second_stack_in_the_same_folder_is_refused(folder: Path) -> None:
    with (
        native_stack(folder, parts=["postgres"]) as stack,
        pytest.raises(BusyError, match="make down"),
        native_stack(folder, parts=["postgres"]),
    ):
        pass
    with pytest.raises(UnreachableError):
        connect(stack.lake, application="test")


def test_a_taken_port_is_named_before_anything_starts(folder: Path) -> None:
    with native_stack(folder, parts=["postgres"]) as stack:
        taken = StackSettings(kafka_port=stack.lake.port)
        with (
            pytest.raises(ConfigurationError, match="TRIPLINE_STACK_KAFKA_PORT=0"),
            native_stack(folder / "other", parts=["kafka"], stack=taken),
        ):
            pass
    assert StackFolder(folder / "other").read().parts == ()


def test_when_the_supervisor_is_killed_the_guard_stops_its_parts(folder: Path) -> None:
    supervisor = subprocess.Popen(
        [sys.executable, "-m", "tests.support.supervisor", str(folder), "", "600", "postgres", "bigquery"],
        cwd=CHECKOUT,
        env=child_environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert supervisor.stdout is not None
        assert "pids" in supervisor.stdout.readline()
        parts = StackFolder(folder).living_parts()
        assert {part.name for part in parts} == {"postgres", "bigquery"}
    finally:
        supervisor.kill()
        supervisor.communicate()
    deadline = time.monotonic() + 120
    while StackFolder(folder).living_parts():
        assert time.monotonic() < deadline, "the guard did not stop them"
        time.sleep(0.1)
    assert not any(is_alive(part.identity) for part in parts)
