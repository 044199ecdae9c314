"""Imports go one way: contracts ← producer, consumer, warehouse ← powerbi, mage_project, stack."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAY_IMPORT = {
    "contracts": set[str](),
    "producer": {"contracts"},
    "consumer": {"contracts"},
    "warehouse": {"contracts"},
    "powerbi": {"contracts", "warehouse"},
    "mage_project": {"contracts", "consumer", "warehouse", "powerbi"},
    "stack": {"contracts", "producer", "consumer", "warehouse", "powerbi", "mage_project"},
}
OURS = set(MAY_IMPORT) | {"tests"}


def sources(package: str) -> list[Path]:
    return [path for path in sorted((ROOT / package).rglob("*.py")) if ".venv" not in path.parts]


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_go_one_way(package: str) -> None:
    files = sources(package)
    assert files, f"{package}/ has no modules"
    for path in files:
        foreign = set(imported(path)) & OURS - MAY_IMPORT[package] - {package}
        assert not foreign, f"{path.relative_to(ROOT)} imports {sorted(foreign)}"


@pytest.mark.parametrize("package", set(MAY_IMPORT) - {"mage_project"})
def test_nothing_but_blocks_knows_mage(package: str) -> None:
    for path in sources(package):
        assert "mage_ai" not in set(imported(path)), path.relative_to(ROOT)


def test_the_warehouse_sends_load_jobs_and_never_streams_rows() -> None:
    for path in sources("warehouse"):
        assert "insert_rows" not in path.read_text(encoding="utf-8"), path.relative_to(ROOT)
