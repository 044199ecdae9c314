"""The health check of Mage's container: what has landed gets loaded."""

from contracts.errors import ExitCode
from contracts.settings import LakeSettings
from tests.support.commands import run


def test_mage_is_ill_while_nobody_loads_and_well_when_all_is_loaded(
    environment: dict[str, str], lake_with_trips: LakeSettings
) -> None:
    backlog = run(environment, "mage_project", "health", expect=ExitCode.TRANSIENT)
    assert "offsets wait to be loaded, and no window was completed ever" in backlog.stderr
    run(environment, "warehouse", "run")
    run(environment, "mage_project", "health")


def test_a_lake_that_does_not_answer_is_named(environment: dict[str, str]) -> None:
    nowhere = environment | {"TRIPLINE_LAKE_PORT": "1", "TRIPLINE_LAKE_TIMEOUT_SECONDS": "3"}
    assert ":1/" in run(nowhere, "mage_project", "health", expect=ExitCode.UNREACHABLE).stderr
