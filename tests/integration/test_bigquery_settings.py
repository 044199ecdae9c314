"""Who pays for a job, what it is labelled with, and how long a refusal is borne: by settings."""

from collections.abc import Iterator

import pytest

from contracts.errors import FatalError, TransientError
from contracts.settings import BigQuerySettings
from tests.support.strict_bigquery import Fault, StrictBigQuery, strict_bigquery
from warehouse.bigquery import connect

JOBS = "/projects/tripline-billing/jobs"


@pytest.fixture
def proxy(emulator_url: str) -> Iterator[StrictBigQuery]:
    with strict_bigquery(emulator_url) as proxy:
        yield proxy


@pytest.fixture
def settings(bigquery_server: BigQuerySettings, proxy: StrictBigQuery) -> BigQuerySettings:
    changes = {"emulator_url": proxy.url, "billing_project": "tripline-billing", "labels": "team=mobility"}
    return BigQuerySettings.model_validate(bigquery_server.model_dump() | changes | {"retry_seconds": 3})


def test_a_job_runs_in_the_billing_project_with_its_labels_and_its_bound(
    settings: BigQuerySettings, proxy: StrictBigQuery
) -> None:
    bigquery = connect(settings)
    # Refused only when the request is what it should be.
    bound = f'"maximumBytesBilled": ?"{settings.maximum_bytes_billed}"'
    for label in ('"team": ?"mobility"', '"application": ?"tripline"', '"step": ?"ask"', bound):
        proxy.faults.append(Fault("POST", f"(?s){JOBS}.*{label}", status=403, reason="accessDenied"))
        with pytest.raises(FatalError, match="accessDenied"):
            bigquery.query("SELECT 1 AS one", "ask")
    assert bigquery.query("SELECT 1 AS one", "ask") == [{"one": 1}]
    assert {path.split("/projects/")[1].split("/")[0] for _, path, _ in proxy.requests} == {"tripline-billing"}


@pytest.mark.parametrize(("refusals", "ends_well"), [(2, True), (1_000, False)])
def test_a_passing_refusal_is_borne_for_as_long_as_set(
    settings: BigQuerySettings, proxy: StrictBigQuery, refusals: int, ends_well: bool
) -> None:
    bigquery = connect(settings)
    proxy.faults.append(Fault("POST", JOBS, status=503, reason="backendError", times=refusals))
    if ends_well:
        assert bigquery.query("SELECT 1 AS one", "ask") == [{"one": 1}]
        assert proxy.statuses(JOBS).count(503) == refusals
    else:
        with pytest.raises(TransientError):
            bigquery.query("SELECT 1 AS one", "ask")
        assert proxy.statuses(JOBS).count(503) > 1
