"""docs/docker.md names services, images, ports, settings and commands that are there."""

import re
from pathlib import Path
from typing import Any

import yaml

from contracts.settings import ALL_SETTINGS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "docker.md").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


def rows() -> dict[str, list[str]]:
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if "|" in line]
    return {row[0].strip("`"): row[1:] for row in cells if row[0].startswith("`")}


def test_the_table_lists_what_up_starts() -> None:
    assert rows().keys() == {name for name, service in SERVICES.items() if "profiles" not in service}


def test_images_and_ports_are_those_of_the_compose_file() -> None:
    for name, (image, _, address) in rows().items():
        service = SERVICES[name]
        assert ("ours" in image) == ("build" in service)
        assert "build" in service or image == service["image"]
        published = [re.sub(r"\$\{\w+:-(\d+)\}:\d+$", r"\1", port) for port in service.get("ports", [])]
        assert published == ([address.removeprefix("http://")] if address else [])


def test_commands_name_services_that_are_there() -> None:
    named = re.findall(r"^docker compose (?:run --rm|stop) (\w+)", PAGE, re.MULTILINE)
    assert named
    assert set(named) <= SERVICES.keys()


def test_settings_are_known() -> None:
    known = {name for model in ALL_SETTINGS for name in model.names()}
    assert set(re.findall(r"TRIPLINE_[A-Z_]+", PAGE)) <= known


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target
