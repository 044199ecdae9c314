"""Mage's environment, and a lake with trips."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from consumer.migrate import migrate
from contracts.settings import KafkaSettings, LakeSettings
from stack.postgres import drop_database
from tests.support.commands import MAGE_PYTHON
from tests.support.landed import land, trip_events
from tests.support.mage_server import OWNER

TRIPS = 40


@pytest.fixture(scope="session", autouse=True)
def mage_environment() -> None:
    """Skip, visibly, where Mage's environment was not made."""
    if not MAGE_PYTHON.exists():
        pytest.skip("mage_project/.venv is missing: `make setup` makes it")


@pytest.fixture
def environment(environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The environment of a program of this test, with Mage's outputs and logs in a folder of this test."""
    return {**environment, "TRIPLINE_MAGE_DATA_FOLDER": str(tmp_path / "mage")}


@pytest.fixture
def lake_with_trips(lake_settings: LakeSettings, kafka_settings: KafkaSettings) -> LakeSettings:
    """This test's lake: migrated, with 40 trips, each a reservation and an end."""
    migrate(lake_settings)
    land(lake_settings, kafka_settings, trip_events(TRIPS), arrived_at="2026-11-01T12:00:00Z")
    return lake_settings


@pytest.fixture
def server_environment(
    environment: dict[str, str], lake_settings: LakeSettings, unique: str
) -> Iterator[dict[str, str]]:
    """The environment of a server whose own state is in a database of this test."""
    database = f"{unique}_mage"
    yield {
        **environment,
        "TRIPLINE_MAGE_DATABASE": database,
        "TRIPLINE_MAGE_OWNER_PASSWORD": OWNER[1],
        "TRIPLINE_MAGE_JWT_SECRET": "0123456789abcdef" * 2,
    }
    drop_database(lake_settings.model_copy(update={"database": database}))
