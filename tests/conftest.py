"""Services and settings for all tests. A service starts when the first test asks for it; unit tests start nothing.

Session: `kafka_server`, `lake_server`, `bigquery_server` (see tests/services/choice.py for where they come from).
Each test: `kafka_settings` (a topic name nobody used, not created), `lake_settings` (an empty database),
`bigquery_settings` (a dataset prefix nobody used), `environment` (all of them for a program that the test starts).
For a test that kills or restarts a service: `fresh_services("kafka", "postgres")`, native ones of its own.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import hypothesis
import pytest
from psycopg.conninfo import conninfo_to_dict

from contracts.settings import PREFIX, BigQuerySettings, KafkaSettings, LakeSettings
from stack.native import NativeStack, native_stack
from stack.state import StackFolder
from tests.services.choice import Choice, Source, bigquery_at
from tests.services.containers import bigquery_container, kafka_container, postgres_container
from tests.services.own import own_database, own_datasets, own_environment, unique_name
from tests.services.shared import shared_broker

CHOICE = Choice(os.environ)
# What the person at this terminal has set for their own stack must not reach the tests.
for _name in [name for name in os.environ if name.startswith(PREFIX)]:
    del os.environ[_name]

# How long an example takes says something of the machine, and nothing of what is tried.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")
# Brokers of tests live for seconds or minutes: what Java's second compiler costs, they never earn back.
os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")

SHARED = ExitStack()
FreshServices = Callable[..., NativeStack]


def pytest_report_header() -> str:
    """Say where the services come from."""
    return str(CHOICE)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long tests, those with a time limit of their own: pytest-xdist deals `items` out in equal runs."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = [item for item in items if item.get_closest_marker("timeout")]
    short = [item for item in items if not item.get_closest_marker("timeout")]
    share = -(-len(short) // workers)
    items[:] = [
        item
        for worker in range(workers)
        for item in (*long[worker::workers], *short[worker * share : (worker + 1) * share])
    ]


def pytest_sessionfinish() -> None:
    """Leave what this worker shares with others, and wait for them; in a fixture it would count as a test's time."""
    SHARED.close()


@pytest.fixture(scope="session")
def kafka_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaSettings]:
    """A broker for the whole session."""
    match CHOICE.source("kafka"):
        case Source.GIVEN:
            yield KafkaSettings(bootstrap_servers=CHOICE.address("kafka"))
        case source:
            own = tmp_path_factory.getbasetemp()
            folder = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
            start = kafka_container if source is Source.DOCKER else _native_broker
            yield SHARED.enter_context(shared_broker(folder / "kafka", start))


@pytest.fixture(scope="session")
def lake_server() -> Iterator[LakeSettings]:
    """A Postgres for the whole session; its settings name the maintenance database."""
    match CHOICE.source("postgres"):
        case Source.GIVEN:
            given = conninfo_to_dict(CHOICE.address("postgres"))
            yield LakeSettings.model_validate(
                {name: given[name] for name in ("host", "port", "user", "password") if name in given}
            )
        case Source.DOCKER:
            with postgres_container() as settings:
                yield settings
        case Source.NATIVE:
            with _native("postgres") as stack:
                yield stack.lake


@pytest.fixture(scope="session")
def bigquery_server() -> Iterator[BigQuerySettings]:
    """A BigQuery emulator for the whole session, or the real service where one is given."""
    match CHOICE.source("bigquery"):
        case Source.GIVEN:
            yield bigquery_at(CHOICE.address("bigquery"))
        case Source.DOCKER:
            with bigquery_container() as settings:
                yield settings
        case Source.NATIVE:
            with _native("bigquery") as stack:
                yield stack.bigquery


@pytest.fixture(scope="session")
def emulator_url(bigquery_server: BigQuerySettings) -> str:
    """Where the emulator is, for tests that put a proxy before it; the real service has none."""
    if not bigquery_server.emulator_url:
        pytest.skip("on the emulator only: it stands behind a proxy that plays the service's errors")
    return bigquery_server.emulator_url


@pytest.fixture
def unique() -> str:
    """A name that no other test uses: `test_` and 12 hexadecimal digits."""
    return unique_name()


@pytest.fixture
def kafka_settings(kafka_server: KafkaSettings, unique: str) -> KafkaSettings:
    """The session's broker with a topic name of this test; the topic is not there yet."""
    return kafka_server.model_copy(update={"topic": unique})


@pytest.fixture
def lake_settings(lake_server: LakeSettings, unique: str) -> Iterator[LakeSettings]:
    """The session's Postgres with an empty database of this test."""
    with own_database(lake_server, unique) as lake:
        yield lake


@pytest.fixture
def bigquery_settings(bigquery_server: BigQuerySettings, unique: str) -> Iterator[BigQuerySettings]:
    """The session's BigQuery with a dataset prefix of this test; its datasets are deleted afterwards."""
    with own_datasets(bigquery_server, unique) as settings:
        yield settings


@pytest.fixture
def environment(
    kafka_settings: KafkaSettings,
    lake_settings: LakeSettings,
    bigquery_settings: BigQuerySettings,
    unique: str,
    tmp_path: Path,
) -> dict[str, str]:
    """The environment of a program that uses this test's topic, database and datasets."""
    return own_environment(kafka_settings, lake_settings, bigquery_settings, unique, tmp_path)


@pytest.fixture
def fresh_services() -> Iterator[FreshServices]:
    """A factory of native services that a test may kill and restart: `fresh_services("kafka").kafka`."""
    with ExitStack() as stacks:
        yield lambda *parts: stacks.enter_context(_native(*parts))


@contextmanager
def _native_broker() -> Iterator[KafkaSettings]:
    with _native("kafka") as stack:
        yield stack.kafka


@contextmanager
def _native(*parts: str) -> Iterator[NativeStack]:
    folder = StackFolder(Path(tempfile.mkdtemp(prefix="tripline-test-")))
    folder.path.chmod(0o711)  # Postgres runs as another account when we are root.
    try:
        with native_stack(folder.path, parts=parts) as stack:
            yield stack
    finally:
        folder.wipe()
