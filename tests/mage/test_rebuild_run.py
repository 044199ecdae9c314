"""The rebuild in Mage, without a server: its variables say what is built again."""

import json

import pytest

from contracts.settings import BigQuerySettings, LakeSettings
from tests.support.books import query
from tests.support.commands import run, run_json
from tests.support.landed import FARE_OF_A_TRIP

TRIPS = 40
pytestmark = pytest.mark.timeout(600)


def test_gold_is_rebuilt_for_the_days_that_the_variables_name(
    environment: dict[str, str], lake_with_trips: LakeSettings, bigquery_settings: BigQuerySettings
) -> None:
    run(environment, "warehouse", "run")
    fact = f"`{bigquery_settings.dataset_prefix}gold.fact_trip`"
    (day,) = query(bigquery_settings, f"SELECT DISTINCT service_date AS day FROM {fact}")  # noqa: S608
    query(bigquery_settings, f"UPDATE {fact} SET revenue_minor_units = 1 WHERE service_date = '{day['day']}'")  # noqa: S608
    variables = json.dumps({"what": "gold", "first_day": str(day["day"])})

    document = run_json(environment, "mage_project", "run", "rebuild", "--variables", variables)

    *_, block = document["runs"][0]["blocks"].values()
    assert (block["status"], block["output"]) == ("completed", {"what": "gold", "days": 1})
    (found,) = query(bigquery_settings, f"SELECT SUM(revenue_minor_units) AS revenue FROM {fact}")  # noqa: S608
    assert found == {"revenue": TRIPS * FARE_OF_A_TRIP}
