"""The pages name exactly the exit codes, reasons and settings that exist."""

import re
from enum import StrEnum
from pathlib import Path

import pytest

from contracts.errors import ExitCode
from contracts.reasons import DeadLetterReason, RejectionReason
from contracts.settings import ALL_SETTINGS, PREFIX

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def section(heading: str) -> str:
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    return page.split(f"## {heading}", 1)[1].split("\n## ", 1)[0]


def test_every_exit_code_is_documented() -> None:
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", section("Exit codes"), re.MULTILINE)
    assert rows == [(str(code.value), code.name) for code in ExitCode]


@pytest.mark.parametrize(
    ("heading", "reasons"),
    [("Dead letters", DeadLetterReason), ("Rejections", RejectionReason)],
)
def test_every_reason_is_documented(heading: str, reasons: type[StrEnum]) -> None:
    assert re.findall(r"^\| `(\w+)` \|", section(heading), re.MULTILINE) == [reason.value for reason in reasons]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_setting_named_in_a_page_exists(page: Path) -> None:
    known = {name for model in ALL_SETTINGS for name in model.names()}
    named = set(re.findall(rf"{PREFIX}[A-Z0-9_]*[A-Z0-9]", page.read_text(encoding="utf-8")))
    assert named <= known, sorted(named - known)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
