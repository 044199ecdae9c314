"""Mage's blocks, read as Mage reads them: as text, with its decorators put in. No block needs Mage for that."""

import ast
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import BadInputError, UnreachableError
from warehouse import steps
from warehouse.forecast import steps as forecasting

PROJECT = Path(__file__).resolve().parents[2] / "mage_project"
FOLDERS = ("callbacks", "conditionals", "custom", "data_exporters", "data_loaders", "transformers")
BLOCKS = sorted(path for folder in FOLDERS for path in (PROJECT / folder).glob("*.py"))
STEPS = [path for path in BLOCKS if path.stem in {"extract", "stage", "merge", "publish", "reconcile"}]
LINES = 15


def decorator(first: Any = None) -> Callable[..., Any]:
    """Do nothing, with or without an argument, as Mage's decorators may be written."""
    return first if callable(first) else lambda function: function


DECORATORS = dict.fromkeys(
    ("data_loader", "transformer", "data_exporter", "custom", "callback", "condition", "test"), decorator
)


def functions(path: Path) -> dict[str, Any]:
    return runpy.run_path(str(path), init_globals=DECORATORS)


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("path", BLOCKS, ids=named)
def test_a_block_is_short_and_says_what_it_does(path: Path) -> None:
    code = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(code) <= LINES
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            assert ast.get_docstring(node), f"{named(path)}: {node.name}"


@pytest.mark.parametrize("path", BLOCKS, ids=named)
def test_a_block_imports_what_does_the_work_and_mage_only(path: Path) -> None:
    imported: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])
        elif isinstance(node, ast.Import):
            imported.update(alias.name.split(".")[0] for alias in node.names)
    assert imported <= {"warehouse", "consumer", "powerbi", "mage_project", "mage_ai"}


@pytest.mark.parametrize("path", STEPS, ids=named)
def test_a_block_hands_the_load_to_its_step_and_returns_the_summary(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, path.stem, lambda load_id: {"load_id": load_id, "step": path.stem})
    block = functions(path)[path.stem]
    assert block({"load_id": "a1", "offsets": 3}, execution_partition="x") == {"load_id": "a1", "step": path.stem}


def test_the_first_block_returns_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    window = {"load_id": "a1", "state": "planned", "offsets": 3}
    monkeypatch.setattr(steps, "plan", lambda: window)
    assert functions(PROJECT / "data_loaders" / "plan.py")["plan"](execution_partition="x") == window


def test_the_forecast_returns_what_its_step_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecasting, "forecast", lambda: {"rows": 168, "reason": None})
    block = functions(PROJECT / "custom" / "predict_demand.py")["predict_demand"]
    assert block(execution_partition="x") == {"rows": 168, "reason": None}


@pytest.mark.parametrize(
    ("block", "good", "bad"),
    [
        ("data_loaders/plan", {"load_id": "a1", "offsets": 3}, {"load_id": "a1", "offsets": 0}),
        ("data_loaders/plan", {"load_id": None, "offsets": 0}, {"load_id": None, "offsets": 3}),
        ("custom/reconcile", {"state": "reconciled"}, {"state": "published"}),
        ("custom/predict_demand", {"rows": 13_104, "reason": None}, {"rows": 100, "reason": None}),
        ("custom/predict_demand", {"rows": 0, "reason": "no trips"}, {"rows": 0, "reason": None}),
    ],
)
def test_a_blocks_own_test_passes_and_fails(block: str, good: dict[str, Any], bad: dict[str, Any]) -> None:
    found = functions(PROJECT / f"{block}.py")
    (check,) = [value for name, value in found.items() if name.startswith("the")]
    check(good)
    with pytest.raises(AssertionError):
        check(bad)


@pytest.mark.parametrize(("load_id", "goes_on"), [("a1", True), (None, False)])
def test_the_pipeline_goes_on_only_with_a_window(load_id: str | None, goes_on: bool) -> None:
    has_window = functions(PROJECT / "conditionals" / "has_window.py")["has_window"]
    assert has_window({"load_id": load_id, "offsets": 0}, pipeline_uuid="x") is goes_on


def test_success_is_one_line_with_every_figure(capsys: pytest.CaptureFixture[str]) -> None:
    report = functions(PROJECT / "callbacks" / "report.py")["report_success"]
    report({"load_id": "a1", "landed": 15000}, parent_block_uuid="extract")
    assert capsys.readouterr().out == "extract: load_id a1, landed 15000\n"


def test_failure_is_the_error_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    report = functions(PROJECT / "callbacks" / "report.py")["report_failure"]
    error = UnreachableError("Postgres did not answer", where="Postgres at x:1/y", remedy="Start it.")
    report(parent_block_uuid="plan", __error=error)
    assert capsys.readouterr().out == "plan failed: Postgres did not answer [Postgres at x:1/y]. Start it.\n"


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"what": "bronze"}, "what = bronze"),
        ({"what": "gold", "first_day": "yesterday"}, "first day"),
        ({"what": "gold", "first_day": 5}, "first day"),
        ({"what": "silver", "last_day": "2026-03-01"}, "last day"),
        ({"what": "gold", "first_day": "2026-03-02", "last_day": "2026-03-01"}, "2026-03-02 to 2026-03-01"),
    ],
)
def test_variables_of_a_rebuild_that_make_no_sense_are_refused(variables: dict[str, Any], named: str) -> None:
    check_request = functions(PROJECT / "custom" / "check_request.py")["check_request"]
    with pytest.raises(BadInputError, match=named):
        check_request(**variables)


def test_variables_of_a_rebuild_are_handed_on() -> None:
    check_request = functions(PROJECT / "custom" / "check_request.py")["check_request"]
    request = {"what": "gold", "first_day": "2026-03-01", "last_day": "", "load_id": ""}
    assert check_request(what="gold", first_day="2026-03-01", last_day=None, pipeline_uuid="rebuild") == request
