"""The table of faults names tests that exist, and every fault test is in it."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FAULTS = ROOT / "tests" / "faults"
PAGE = (FAULTS / "README.md").read_text(encoding="utf-8")
ROWS = {*range(1, 39), *range(54, 60), 69, 70}


def rows() -> dict[int, list[str]]:
    table = [line.strip("|").split("|") for line in PAGE.splitlines() if re.match(r"\| \d+ \|", line)]
    return {int(cells[0]): [cell.strip() for cell in cells[1:]] for cells in table}


def named_tests() -> set[tuple[Path, str]]:
    named = re.findall(r"`((?:tests/)?[\w/]+\.py)::(\w+)`", PAGE)
    return {(ROOT / path if path.startswith("tests/") else FAULTS / path, name) for path, name in named}


def names_in(path: Path) -> set[str]:
    return set(re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))


def test_every_row_has_a_test_or_a_reason() -> None:
    assert rows().keys() == ROWS
    for number, (_, observed, tests) in rows().items():
        assert "`" in tests or "not applicable" in observed, f"row {number} has neither"


def test_every_test_that_is_named_exists() -> None:
    for path, name in sorted(named_tests()):
        assert name in names_in(path), f"{path.name} has no {name}"


def test_every_fault_test_is_in_the_table() -> None:
    there = {(path, name) for path in FAULTS.glob("test_*.py") for name in names_in(path)}
    assert there <= named_tests(), sorted(name for _, name in there - named_tests())
