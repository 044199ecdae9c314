"""The pipeline `powerbi_refresh` in Mage's own environment."""

import pytest

from tests.support.commands import run_json

pytestmark = pytest.mark.timeout(600)


def test_without_a_workspace_nothing_is_refreshed_and_the_run_says_why(environment: dict[str, str]) -> None:
    document = run_json(environment, "mage_project", "run", "powerbi_refresh")
    (block,) = document["runs"][0]["blocks"].values()
    assert block["status"] == "completed"
    assert block["output"]["refreshed"] is None
    assert "TRIPLINE_POWERBI_WORKSPACE_ID" in block["output"]["reason"]
