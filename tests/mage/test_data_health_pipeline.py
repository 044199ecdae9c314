"""The pipelines `data_health` and `rebuild` in Mage, without a server: what is planted is found, and mended."""

import json
from typing import Any

import pytest

from contracts.errors import ExitCode
from contracts.settings import BigQuerySettings, LakeSettings
from tests.support.books import query
from tests.support.commands import run, run_json
from tests.support.landed import FARE_OF_A_TRIP

TRIPS = 40
pytestmark = pytest.mark.timeout(600)


def test_a_healthy_warehouse_passes_a_planted_defect_fails_the_run_and_a_rebuild_mends_it(
    environment: dict[str, str], lake_with_trips: LakeSettings, bigquery_settings: BigQuerySettings
) -> None:
    # The events of this lake arrived on a fixed day.
    environment |= {"TRIPLINE_QUALITY_ARRIVAL_MINUTES": "0"}
    run(environment, "warehouse", "run")

    document = run_json(environment, "mage_project", "run", "data_health")

    blocks: dict[str, Any] = document["runs"][0]["blocks"]
    assert list(blocks) == ["check_freshness", "check_keys", "check_values", "check_books", "require_healthy"]
    assert {block["status"] for block in blocks.values()} == {"completed"}
    said = blocks.pop("require_healthy")["output"]
    assert said == {"checks": sum(block["output"]["checks"] for block in blocks.values()), "red": []}
    assert said["checks"] > 50

    gold = f"{bigquery_settings.dataset_prefix}gold"
    query(bigquery_settings, f"UPDATE `{gold}.fact_trip` SET provider_key = 5 WHERE TRUE")  # noqa: S608
    failed = run(environment, "mage_project", "run", "data_health", expect=ExitCode.UNHEALTHY)
    assert "references: fact_trip_provider" in failed.stderr
    shown = query(bigquery_settings, f"SELECT check_name FROM `{gold}.health_check` WHERE status = 'red'")  # noqa: S608
    assert shown == [{"check_name": "references: fact_trip_provider"}]

    fact = f"`{gold}.fact_trip`"
    (day,) = query(bigquery_settings, f"SELECT DISTINCT service_date AS day FROM {fact}")  # noqa: S608
    variables = json.dumps({"what": "gold", "first_day": str(day["day"])})

    document = run_json(environment, "mage_project", "run", "rebuild", "--variables", variables)

    *_, block = document["runs"][0]["blocks"].values()
    assert (block["status"], block["output"]) == ("completed", {"what": "gold", "days": 1})
    figures = "SUM(revenue_minor_units) AS revenue, COUNTIF(provider_key = 5) AS planted"
    (found,) = query(bigquery_settings, f"SELECT {figures} FROM {fact}")  # noqa: S608
    assert found == {"revenue": TRIPS * FARE_OF_A_TRIP, "planted": 0}
