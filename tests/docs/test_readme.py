"""The README's commands and tables are true."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def declared() -> set[str]:
    names: set[str] = set()
    for project in (ROOT / "pyproject.toml", ROOT / "mage_project" / "pyproject.toml"):
        content = tomllib.loads(project.read_text(encoding="utf-8"))
        groups = [content["project"]["dependencies"], *content.get("dependency-groups", {}).values()]
        names |= {re.split(r"[\[<>=!~ ]", requirement)[0] for group in groups for requirement in group}
    return names


def test_the_first_screen_has_exactly_two_commands() -> None:
    block = README.split("```sh\n", 1)[1].split("```", 1)[0]
    assert [line.split("#")[0].strip() for line in block.splitlines()] == ["make demo", "make test"]
    assert README[: README.index("```sh")].count("\n") < 25


def test_every_make_target_that_is_named_exists() -> None:
    named = set(re.findall(r"`make ([a-z-]+)`", README))
    assert named
    assert named <= TARGETS


def test_help_explains_every_target_that_a_person_types() -> None:
    explained = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))
    assert {"help", "demo", "test", "lint", "up", "status", "down", "clean", "env", "format"} <= explained


def test_every_dependency_earns_its_place_in_the_table() -> None:
    table = README.split("## Dependencies", 1)[1]
    listed = {name for row in re.findall(r"^\| ([a-z0-9, -]+) \|", table, re.MULTILINE) for name in row.split(", ")}
    assert listed - {"package", "---"} >= declared()
    assert declared() >= listed - {"package", "---"}
