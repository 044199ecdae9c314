"""`python -m powerbi` as a person or a script runs it; and files that cannot be read."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.errors import BadInputError, ExitCode
from powerbi import FOLDER
from powerbi.model import read_model
from powerbi.pbir import read_report
from powerbi.preview.format import shown_as


def powerbi(*arguments: str, folder: Path = FOLDER.parent, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(FOLDER.parent), **variables}
    command = [sys.executable, "-m", "powerbi", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=240
    )


def test_check_ends_with_its_findings() -> None:
    run = powerbi("check", "--json")
    assert run.returncode == ExitCode.OK, run.stderr
    assert json.loads(run.stdout)["findings"] == 0


def test_a_dry_run_needs_no_account_and_prints_every_call(tmp_path: Path) -> None:
    (tmp_path / ".env.prod").write_text("TRIPLINE_POWERBI_WORKSPACE_ID=ws\nTRIPLINE_POWERBI_VIEWERS=readers\n")
    run = powerbi("publish", "prod", "--dry-run", folder=tmp_path)
    assert run.returncode == ExitCode.OK, run.stderr
    for call in ("/workspaces/ws/semanticModels", "Default.TakeOver", "bindConnection", "refreshSchedule", '"readers"'):
        assert call in run.stderr


@pytest.mark.parametrize("arguments", [["publish"], ["refresh"], ["publish", "nowhere"]])
def test_publishing_without_settings_names_them(arguments: list[str], tmp_path: Path) -> None:
    run = powerbi(*arguments, folder=tmp_path)
    assert run.returncode == ExitCode.CONFIGURATION
    assert "TRIPLINE_POWERBI_WORKSPACE_ID" in run.stderr or ".env.nowhere" in run.stderr


def test_a_preview_without_bigquery_names_its_address(tmp_path: Path) -> None:
    run = powerbi("preview", folder=tmp_path, TRIPLINE_BIGQUERY_EMULATOR_URL="http://127.0.0.1:9")
    assert run.returncode == ExitCode.UNREACHABLE
    assert "127.0.0.1:9" in run.stderr


def test_what_is_not_tmdl_is_refused_with_its_line(tmp_path: Path) -> None:
    definition = tmp_path / "definition"
    definition.mkdir()
    (definition / "model.tmdl").write_text("model Model\n\tculture: en-US\n\n%%%\n")
    with pytest.raises(BadInputError) as caught:
        read_model(tmp_path)
    assert caught.value.where.endswith("model.tmdl:4")


def test_a_folder_without_a_report_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"pages\.json"):
        read_report(tmp_path)


@pytest.mark.parametrize(
    ("value", "format_string", "text"),
    [
        (None, "#,0", "(blank)"),
        (15000, "#,0", "15,000"),
        (-2.5, "$#,0.00", "-$2.50"),
        (0.1078, "#,0.0%;-#,0.0%;#,0.0%", "10.8%"),
        (201603, "0000-00", "2016-03"),
        (7, "0", "7"),
        (True, "", "True"),
        ("closed", "", "closed"),
    ],
)
def test_values_are_shown_as_their_format_says(value: object, format_string: str, text: str) -> None:
    assert shown_as(value, format_string) == text
