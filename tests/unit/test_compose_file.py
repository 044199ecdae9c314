"""What docker-compose.yml and the two Dockerfiles promise, read from the files: no daemon needed."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.settings import ALL_SETTINGS

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONE_SHOTS = {"setup", "warehouse"}
LONG_RUNNING = sorted(SERVICES.keys() - ONE_SHOTS)
UPSTREAM = sorted(name for name, service in SERVICES.items() if "build" not in service)
DOCKERFILES = [ROOT / "Dockerfile", ROOT / "mage_project" / "Dockerfile"]


def every(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("name", names or sorted(SERVICES))


def strings(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [text for key, value in node.items() for text in [*strings(key), *strings(value)]]
    if isinstance(node, list):
        return [text for value in node for text in strings(value)]
    return [str(node)]


def test_all_parts_are_services() -> None:
    parts = {"kafka", "postgres", "bigquery", "setup", "producer", "consumer", "mage"}
    assert parts <= SERVICES.keys()
    up_by_itself = {name for name, service in SERVICES.items() if "profiles" not in service}
    assert up_by_itself == parts


def test_the_broker_and_the_lake_have_the_names_that_people_expect() -> None:
    names = {name: service["container_name"] for name, service in SERVICES.items() if "container_name" in service}
    assert names == {"kafka": "kafka", "postgres": "postgresql"}


@every()
def test_ports_are_published_on_loopback_only(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:\$\{TRIPLINE_STACK_\w+_PORT:-\d+\}:\d+", port), port


def test_mage_is_where_the_readme_says() -> None:
    assert SERVICES["mage"]["ports"] == ["127.0.0.1:${TRIPLINE_STACK_MAGE_PORT:-6789}:6789"]


@every()
def test_privileges_are_dropped(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert not service.get("privileged")
    assert service["security_opt"] == ["no-new-privileges:true"]


@every()
def test_nothing_of_the_machine_is_mounted(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        assert volume.split(":")[0] in COMPOSE["volumes"], volume


@every(*UPSTREAM)
def test_upstream_images_run_as_a_user_and_are_pinned(name: str) -> None:
    assert SERVICES[name]["user"] not in {"root", "0"}
    assert re.fullmatch(r"[\w./-]+:\d[\w.-]*", SERVICES[name]["image"])


@every(*(set(SERVICES) - {"kafka", "bigquery"}))
def test_root_filesystems_are_read_only(name: str) -> None:
    # Kafka's image writes its configuration at the start, the emulator may fetch a DuckDB extension.
    assert SERVICES[name]["read_only"] is True


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_our_images_are_pinned_and_do_not_run_as_root(dockerfile: Path) -> None:
    lines = dockerfile.read_text().splitlines()
    bases = [line.split()[1] for line in lines if line.startswith("FROM ")]
    assert set(bases) == {"python:3.11-slim"}
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users
    assert users[-1] not in {"root", "0"}
    assert all("==" in line for line in lines if "pip install" in line)
    assert "uv sync --frozen" in dockerfile.read_text()


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_our_images_build_without_buildkit(dockerfile: Path) -> None:
    text = dockerfile.read_text()
    assert not re.search(r"RUN --|<<|--chmod|# syntax=", text)
    stages = set(re.findall(r"^FROM \S+ AS (\S+)", text, re.MULTILINE))
    assert set(re.findall(r"COPY --from=(\S+)", text)) <= stages


def test_only_what_the_images_are_made_of_is_sent_to_the_builder() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == "*"
    assert not any(".env" in line or ".secrets" in line for line in lines if line.startswith("!"))


def test_there_is_no_default_password() -> None:
    for name, secret in COMPOSE["secrets"].items():
        if name == "bigquery_key":
            assert secret == {"file": "${TRIPLINE_BIGQUERY_CREDENTIALS_FILE:-/dev/null}"}
        else:
            assert re.fullmatch(r"\$\{TRIPLINE_\w+_FILE:\?[^}]+make env[^}]+\}", secret["file"])


@every()
def test_passwords_come_as_files(name: str) -> None:
    service = SERVICES[name]
    for variable, value in service.get("environment", {}).items():
        if re.search("PASSWORD|SECRET|CREDENTIALS", variable):
            assert variable.endswith("_FILE")
            mounted = value.removeprefix("/run/secrets/")
            optional = variable == "TRIPLINE_BIGQUERY_CREDENTIALS_FILE"
            assert optional or not value or mounted in service["secrets"], f"{variable}={value}"
    assert not [text for text in strings(service) if re.search(r"\$\{\w*(PASSWORD|SECRET)(?!_FILE)", text)]


@every(*LONG_RUNNING)
def test_long_running_services_are_watched_restarted_and_bounded(name: str) -> None:
    service = SERVICES[name]
    assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
    assert service["restart"] == "unless-stopped"
    assert "stop_grace_period" in service


@every()
def test_every_service_is_bounded(name: str) -> None:
    service = SERVICES[name]
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}


def test_healthy_means_that_data_move() -> None:
    for name, package in {"producer": "producer", "consumer": "consumer", "mage": "mage_project"}.items():
        assert SERVICES[name]["healthcheck"]["test"] == ["CMD", "python", "-m", package, "health"]


def test_services_start_in_order() -> None:
    setup = {name: wait["condition"] for name, wait in SERVICES["setup"]["depends_on"].items()}
    assert setup == dict.fromkeys(("kafka", "postgres", "bigquery"), "service_healthy")
    for name in ("producer", "consumer", "mage"):
        assert SERVICES[name]["depends_on"]["setup"] == {"condition": "service_completed_successfully"}


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("kafka", "/var/lib/kafka/data"),
        ("postgres", "/var/lib/postgresql"),
        ("bigquery", "/var/lib/bqemulator"),
        ("producer", "/var/cache/tripline"),
        ("mage", "/var/lib/mage"),
    ],
)
def test_state_is_in_named_volumes(name: str, folder: str) -> None:
    assert [volume.split(":")[1] for volume in SERVICES[name]["volumes"]] == [folder]


def test_containers_and_this_machine_have_a_listener_each() -> None:
    environment = SERVICES["kafka"]["environment"]
    advertised = dict(part.split("://") for part in environment["KAFKA_ADVERTISED_LISTENERS"].split(","))
    assert advertised["CONTAINERS"] == "kafka:9092"
    assert advertised["MACHINE"] == "127.0.0.1:${TRIPLINE_STACK_KAFKA_PORT:-9092}"
    assert SERVICES["producer"]["environment"]["TRIPLINE_KAFKA_BOOTSTRAP_SERVERS"] == advertised["CONTAINERS"]


def test_every_setting_in_it_is_one_that_the_settings_know() -> None:
    known = {name for model in ALL_SETTINGS for name in model.names()}
    text = (ROOT / "docker-compose.yml").read_text()
    for name in set(re.findall(r"TRIPLINE_[A-Z0-9_]+", text)):
        assert {name, name.removesuffix("_FILE")} & known, name
