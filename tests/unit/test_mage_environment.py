"""Mage's environment variables as they are derived from Tripline's settings."""

from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from contracts.errors import ConfigurationError
from contracts.settings import LakeSettings, MageSettings
from mage_project.environment import PROJECT, database_url, headless_environment, server_environment

LAKE = LakeSettings(host="lake.example", port=5433, user="tripline", password=SecretStr("p@ss/w%rd:#x"))
MAGE = MageSettings(owner_password=SecretStr("twelve chars"), jwt_secret=SecretStr("s" * 32), data_folder="data")


def server(mage: MageSettings = MAGE) -> dict[str, str]:
    return server_environment(mage, LAKE, port=6789)


def test_the_address_of_mages_state_survives_every_character_of_a_password() -> None:
    url = make_url(database_url(MAGE, LAKE))
    assert (url.drivername, url.host, url.port, url.database) == ("postgresql+psycopg2", "lake.example", 5433, "mage")
    assert url.password == "p@ss/w%rd:#x"


def test_a_socket_folder_is_named_as_a_query() -> None:
    lake = LAKE.model_copy(update={"host": "/run/postgresql"})
    url = make_url(database_url(MAGE, lake))
    assert (url.host, url.query["host"]) == (None, "/run/postgresql")


def test_the_server_asks_for_a_login_and_refuses_terminals_and_edits() -> None:
    environment = server()
    assert environment["REQUIRE_USER_AUTHENTICATION"] == "1"
    assert environment["DEFAULT_OWNER_PASSWORD"] == "twelve chars"
    assert environment["JWT_SECRET"] == "s" * 32
    assert environment["DISABLE_TERMINAL"] == "1"
    assert environment["DISABLE_NOTEBOOK_EDIT_ACCESS"] == "1"


def test_edits_are_a_choice() -> None:
    assert server(MAGE.model_copy(update={"allow_edits": True}))["DISABLE_NOTEBOOK_EDIT_ACCESS"] == "0"


def test_links_lead_to_this_machine_unless_an_address_is_set() -> None:
    assert server()["MAGE_PUBLIC_HOST"] == "http://127.0.0.1:6789"
    public = MAGE.model_copy(update={"public_url": "https://mage.example"})
    assert server(public)["MAGE_PUBLIC_HOST"] == "https://mage.example"


def test_outputs_go_to_the_data_folder_and_blocks_find_the_checkout() -> None:
    environment = server()
    assert environment["MAGE_DATA_DIR"] == str(Path("data").resolve())
    assert environment["PYTHONPATH"] == str(PROJECT.parent)


@pytest.mark.parametrize(
    ("field", "value", "variable"),
    [
        ("owner_password", "", "TRIPLINE_MAGE_OWNER_PASSWORD"),
        ("owner_password", "admin", "TRIPLINE_MAGE_OWNER_PASSWORD"),
        ("jwt_secret", "", "TRIPLINE_MAGE_JWT_SECRET"),
        ("jwt_secret", "materia", "TRIPLINE_MAGE_JWT_SECRET"),
    ],
)
def test_mages_public_defaults_are_refused(field: str, value: str, variable: str) -> None:
    with pytest.raises(ConfigurationError, match=variable) as raised:
        server(MAGE.model_copy(update={field: SecretStr(value)}))
    if value:
        assert value not in str(raised.value)


def test_a_run_without_a_server_keeps_its_state_to_itself(tmp_path: Path) -> None:
    environment = headless_environment(tmp_path)
    assert make_url(environment["MAGE_DATABASE_CONNECTION_URL"]).database == str(tmp_path / "mage.db")
    assert environment["MAGE_DATA_DIR"] == str(tmp_path)
