"""Settings: frozen, read from the environment only, unknown names refused, secrets masked."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from contracts.errors import ConfigurationError, ExitCode
from contracts.settings import (
    ALL_SETTINGS,
    ConsumerSettings,
    KafkaSettings,
    LakeSettings,
    Settings,
    environment_of,
    load,
    read_environment,
)

NO_FILE = Path("/nonexistent/.env")


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("TRIPLINE_KAFKA_TOPIC=from.file\nTRIPLINE_KAFKA_PARTITIONS=3\nUNRELATED=1\n")
    settings = load(KafkaSettings, {"TRIPLINE_KAFKA_TOPIC": "from.environment"}, env_file)
    assert (settings.topic, settings.partitions) == ("from.environment", 3)


def test_an_unknown_name_is_refused_and_the_closest_is_named() -> None:
    with pytest.raises(ConfigurationError, match="TRIPLINE_KAFKA_TOPIC") as caught:
        load(LakeSettings, {"TRIPLINE_KAFKA_TOPPIC": "x"}, NO_FILE)
    assert caught.value.exit_code == ExitCode.CONFIGURATION
    assert caught.value.where == "TRIPLINE_KAFKA_TOPPIC"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRIPLINE_KAFKA_PARTITIONS", "0"),
        ("TRIPLINE_KAFKA_SECURITY_PROTOCOL", "TLS"),
        ("TRIPLINE_KAFKA_TOPIC", "no spaces"),
        ("TRIPLINE_KAFKA_TIMEOUT_SECONDS", "soon"),
    ],
)
def test_a_wrong_value_is_named_but_not_shown(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(KafkaSettings, {name: value}, NO_FILE)
    assert caught.value.where == name
    assert value not in caught.value.what


def test_replicas_in_sync_cannot_exceed_replicas() -> None:
    with pytest.raises(ConfigurationError, match="replication_factor"):
        load(KafkaSettings, {"TRIPLINE_KAFKA_MINIMUM_INSYNC_REPLICAS": "2"}, NO_FILE)


def test_a_secret_can_come_from_a_file_and_is_never_printed(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("correct horse\n")
    settings = load(LakeSettings, {"TRIPLINE_LAKE_PASSWORD_FILE": str(secret)}, NO_FILE)
    assert settings.password.get_secret_value() == "correct horse"
    assert "correct horse" not in f"{settings!r} {settings}"


def test_the_environment_overrides_a_secret_file_that_the_env_file_names(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("from file")
    env_file = tmp_path / ".env"
    env_file.write_text(f"TRIPLINE_LAKE_PASSWORD_FILE={secret}\n")
    settings = load(LakeSettings, {"TRIPLINE_LAKE_PASSWORD": "from environment"}, env_file)
    assert settings.password.get_secret_value() == "from environment"


def test_a_secret_file_without_a_name_counts_as_not_given() -> None:
    assert "TRIPLINE_LAKE_PASSWORD" not in read_environment({"TRIPLINE_LAKE_PASSWORD_FILE": ""}, NO_FILE)


def test_a_missing_secret_file_is_named() -> None:
    with pytest.raises(ConfigurationError, match="/nonexistent/password"):
        read_environment({"TRIPLINE_LAKE_PASSWORD_FILE": "/nonexistent/password"}, NO_FILE)


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        load(ConsumerSettings, {}, NO_FILE).batch_rows = 1  # type: ignore[misc]


@pytest.mark.parametrize("model", ALL_SETTINGS)
def test_settings_survive_the_way_through_the_environment(model: type[Settings]) -> None:
    settings = load(model, {}, NO_FILE)
    assert load(model, environment_of(settings), NO_FILE) == settings


@pytest.mark.parametrize("model", ALL_SETTINGS)
def test_every_setting_is_described(model: type[Settings]) -> None:
    assert all(field.description for field in model.model_fields.values())


def test_sasl_reaches_the_client_and_only_then() -> None:
    plain = load(KafkaSettings, {}, NO_FILE).client_config()
    assert "sasl.username" not in plain
    environ = {
        "TRIPLINE_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "TRIPLINE_KAFKA_SASL_USERNAME": "$ConnectionString",
        "TRIPLINE_KAFKA_SASL_PASSWORD": "s3cret",
    }
    config = load(KafkaSettings, environ, NO_FILE).client_config()
    assert (config["security.protocol"], config["sasl.username"], config["sasl.password"]) == (
        "SASL_SSL",
        "$ConnectionString",
        "s3cret",
    )
