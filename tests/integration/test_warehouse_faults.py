"""What BigQuery does and the emulator does not: duplicate job ids, lost answers, refusals, jobs that end in errors."""

from collections.abc import Iterator

import pytest

from contracts.errors import ConfigurationError, FatalError, PoisonError, TransientError, TriplineError
from tests.support.strict_bigquery import Fault, StrictBigQuery, strict_bigquery
from tests.support.warehouse_site import STEPS, Site, dirty_city
from warehouse import steps

UPLOAD = "/upload/bigquery"
JOBS = r"/projects/[^/]+/jobs\?"
REFUSALS: dict[str, tuple[int, type[TriplineError]]] = {
    "quotaExceeded": (403, FatalError),
    "accessDenied": (403, FatalError),
    "authError": (401, ConfigurationError),
}


REFUSED = ((UPLOAD, "quotaExceeded"), (UPLOAD, "authError"), ("MERGE `[^`]*fact_trip`", "accessDenied"))


@pytest.fixture
def proxy(site: Site, emulator_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[StrictBigQuery]:
    """The emulator behind the strict proxy; its tables are prepared, and a window is ready to be loaded."""
    steps.prepare()
    site.land(dirty_city())
    with strict_bigquery(emulator_url) as proxy:
        monkeypatch.setenv("TRIPLINE_BIGQUERY_EMULATOR_URL", proxy.url)
        yield proxy


def staging_jobs(site: Site) -> list[str]:
    return [job for (job,) in site.ledger("staging_job")]


def test_a_load_that_was_done_before_is_adopted_unless_its_table_is_gone(site: Site, proxy: StrictBigQuery) -> None:
    """The process died after BigQuery had finished, and before the ledger knew; then so long ago that it expired."""
    load_id = steps.plan()["load_id"]
    for step in STEPS[:2]:
        step(load_id)
    (first,) = staging_jobs(site)
    site.set_state("extracted")
    steps.stage(load_id)
    assert 409 in proxy.statuses(UPLOAD)
    assert staging_jobs(site) == [first]

    for table in site.leftovers():
        site.bigquery.drop_table(f"{site.target.dataset('bronze')}.{table}")
    site.set_state("extracted")
    steps.stage(load_id)
    assert staging_jobs(site) == [f"{first}_2"]
    site.finish(load_id)
    site.verify()


def test_a_lost_answer_costs_nothing_and_what_passes_is_tried_again(site: Site, proxy: StrictBigQuery) -> None:
    """BigQuery did the work, and the client never heard: its retry meets the job and takes it. Or it was busy."""
    passing = [(503, "backendError"), (403, "rateLimitExceeded")]
    proxy.faults += [Fault("POST", match, lose_answer=True) for match in ("MERGE `[^`]*trip_event`", "SELECT DISTINCT")]
    proxy.faults += [Fault("POST", "MERGE `[^`]*fact_trip`", status=code, reason=reason) for code, reason in passing]
    site.load_all()
    assert [fault.times for fault in proxy.faults] == [0, 0, 0, 0], "a fault did not bite"
    assert proxy.statuses(JOBS).count(409) == 2
    assert {503, 403} <= set(proxy.statuses(JOBS))
    site.verify()


def test_what_does_not_pass_stops_the_step_and_keeps_the_place(site: Site, proxy: StrictBigQuery) -> None:
    for match, refusal in REFUSED:
        status, kind = REFUSALS[refusal]
        proxy.faults.append(Fault("POST", match, status=status, reason=refusal, times=100))
        with pytest.raises(TriplineError) as found:
            site.load_all()
        assert type(found.value) is kind
        assert "said the proxy" not in str(found.value)
        assert proxy.faults.pop().times >= 98, "a refusal for good was tried again"
    assert site.load_all() == 1
    site.verify()


def test_a_load_job_that_ends_in_an_error_is_read_and_done_again_under_the_next_id(
    site: Site, proxy: StrictBigQuery
) -> None:
    load_id = steps.plan()["load_id"]
    steps.extract(load_id)
    for failed_before, (reason, kind) in enumerate((("invalid", PoisonError), ("backendError", TransientError))):
        looked_at = Fault("GET", "/jobs/tripline_", job_error=reason, times=failed_before)
        proxy.faults = [Fault("PUT", "/upload", job_error=reason), looked_at]
        with pytest.raises(kind):
            steps.stage(load_id)
        assert site.ledger("state") == [("extracted",)]
        assert looked_at.times == 0, "the job that had failed was not looked at"
    looked_at.times = 2
    steps.stage(load_id)
    assert looked_at.times == 0, "a job that had failed was not looked at"
    assert [job[-2:] for job in staging_jobs(site)] == ["_3"]
    site.finish(load_id)
    site.verify()


def test_an_account_that_may_not_create_datasets_works_in_those_that_are_there(
    site: Site, proxy: StrictBigQuery
) -> None:
    proxy.faults.append(Fault("POST", "/datasets(\\?|$| )", status=403, reason="accessDenied", times=100))
    steps.prepare()
    site.load_all()
    site.verify()
    assert proxy.faults[0].times == 100
