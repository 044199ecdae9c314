"""A service that is not there is named with its address, with a non-zero exit code, within 15 seconds."""

import socket
import time
from collections.abc import Iterator

import pytest

from contracts.errors import ExitCode
from contracts.settings import BigQuerySettings, LakeSettings, environment_of
from stack.ports import free_port
from tests.support.commands import run

COMMANDS = ("prepare", "run", "reconcile")


@pytest.fixture
def closed_port() -> int:
    """A port of this machine where nobody listens."""
    return free_port()


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


def fails_in_time(environment: dict[str, str], command: str, *, code: ExitCode, naming: str) -> None:
    started = time.monotonic()
    failed = run(environment, "warehouse", command, expect=code)
    assert time.monotonic() - started < 15
    assert naming in failed.stderr
    assert failed.stderr.startswith("error: ")
    assert failed.stderr.count("\n") == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_bigquery_is_not_there(command: str, closed_port: int, lake_settings: LakeSettings) -> None:
    url = f"http://127.0.0.1:{closed_port}"
    environment = environment_of(lake_settings) | environment_of(BigQuerySettings(emulator_url=url))
    fails_in_time(environment, command, code=ExitCode.UNREACHABLE, naming=f"BigQuery at {url}")


def test_bigquery_takes_the_connection_and_never_answers(silent_port: int, lake_settings: LakeSettings) -> None:
    url = f"http://127.0.0.1:{silent_port}"
    settings = BigQuerySettings(emulator_url=url, timeout_seconds=2)
    environment = environment_of(lake_settings) | environment_of(settings)
    fails_in_time(environment, "run", code=ExitCode.UNREACHABLE, naming=f"BigQuery at {url}")


@pytest.mark.parametrize("command", [*COMMANDS, "status"])
def test_the_lake_is_not_there(command: str, closed_port: int, bigquery_settings: BigQuerySettings) -> None:
    lake = LakeSettings(port=closed_port)
    environment = environment_of(lake) | environment_of(bigquery_settings)
    fails_in_time(environment, command, code=ExitCode.UNREACHABLE, naming=f"Postgres at 127.0.0.1:{closed_port}")


def test_a_lake_without_its_schema_names_the_remedy(
    lake_settings: LakeSettings, bigquery_settings: BigQuerySettings
) -> None:
    environment = environment_of(lake_settings) | environment_of(bigquery_settings)
    fails_in_time(environment, "run", code=ExitCode.FATAL, naming="python -m consumer migrate")


@pytest.mark.parametrize("content", ["", "not json", '{"type": "service_account"}'])
def test_a_service_account_key_that_is_none_is_named(
    content: str, lake_settings: LakeSettings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    key = tmp_path_factory.mktemp("key") / "key.json"
    key.write_text(content)
    environment = environment_of(lake_settings) | environment_of(BigQuerySettings(credentials_file=str(key)))
    fails_in_time(environment, "run", code=ExitCode.CONFIGURATION, naming="TRIPLINE_BIGQUERY_CREDENTIALS_FILE")
