"""What a run of a pipeline says about itself."""

from typing import Any

from contracts.errors import ExitCode, UnreachableError
from mage_project.result import BlockResult, RunResult


def ended(status: str, *blocks: tuple[str, str, dict[str, Any]], error: Exception | None = None) -> RunResult:
    results = [BlockResult(name, state, 1.0, output) for name, state, output in blocks]
    return RunResult("trips_to_bigquery", status, 2.0, results, error)


def test_a_completed_run_has_no_failure() -> None:
    assert ended("completed", ("plan", "completed", {})).failure() is None


def test_a_failed_run_ends_with_the_error_of_its_block() -> None:
    error = UnreachableError("Postgres did not answer", where="x:1")
    assert ended("failed", ("plan", "failed", {}), error=error).failure() is error


def test_a_foreign_error_is_named_by_its_kind_because_its_text_may_quote_data() -> None:
    error = ValueError("4417 drove to the river")
    failure = ended("failed", ("plan", "completed", {}), ("extract", "failed", {}), error=error).failure()
    assert failure is not None
    assert failure.exit_code is ExitCode.FATAL
    assert failure.__cause__ is error
    assert "ValueError [trips_to_bigquery, block extract]" in str(failure)
    assert "river" not in str(failure)


def test_a_run_that_no_block_failed_is_still_a_failure() -> None:
    assert "cancelled" in str(ended("cancelled", ("plan", "cancelled", {})).failure())


def test_a_skipped_block_means_that_there_was_nothing_to_do() -> None:
    assert ended("completed", ("plan", "completed", {}), ("extract", "condition_failed", {})).had_nothing_to_do()
    assert not ended("completed", ("plan", "completed", {}), ("extract", "completed", {})).had_nothing_to_do()


def test_each_block_shows_what_it_knows_more_than_those_before_it() -> None:
    result = ended(
        "completed",
        ("plan", "completed", {"load_id": "a1", "state": "planned"}),
        ("extract", "completed", {"load_id": "a1", "state": "extracted", "landed": 3}),
        ("stage", "failed", {}),
    )
    assert result.news() == [{"load_id": "a1", "state": "planned"}, {"state": "extracted", "landed": 3}, {}]


def test_the_document_has_every_block_by_name() -> None:
    document = ended("completed", ("plan", "completed", {"load_id": "a1"})).document()
    assert document == {
        "status": "completed",
        "seconds": 2.0,
        "blocks": {"plan": {"status": "completed", "seconds": 1.0, "output": {"load_id": "a1"}}},
    }
