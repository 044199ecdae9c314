"""The steps of one window: plan, extract, stage, merge, publish, reconcile. What Mage's blocks call.

Each step takes the target's lock, asks the ledger how far the window is, and does only what is missing: it may be run
twice, twice at once, or again after a kill. Each returns the window as a small dictionary for JSON. `load_id` None
means that there is nothing to do, and is handed on. A scope names another warehouse than the configured one, and how
far to go. Every step raises UnreachableError, ConfigurationError, BusyError, and TransientError, PoisonError or
FatalError by the code of what failed.
"""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import structlog

from contracts.errors import FatalError
from warehouse import closing, reconciliation, schema, staging
from warehouse import extract as extraction
from warehouse import merge as merging
from warehouse import publish as publishing
from warehouse.lake import read_committed
from warehouse.ledger import Load, State
from warehouse.loss import require_tables
from warehouse.run import Run, Scope, hold
from warehouse.window import below, next_window

Summary = dict[str, Any]
Counts = Mapping[str, int | str]
NOTHING: Summary = {"load_id": None, "state": None, "offsets": 0}

SECONDS = {
    State.EXTRACTED: "extract_seconds",
    State.STAGED: "stage_seconds",
    State.MERGED: "merge_seconds",
    State.PUBLISHED: "publish_seconds",
    State.RECONCILED: "reconcile_seconds",
}

log = structlog.get_logger()


def plan(scope: Scope | None = None) -> Summary:
    """Return the unfinished window, or write down the next one; `load_id` None when all is loaded.

    Raises FatalError when tables are gone that the ledger says are loaded.
    """
    with hold(scope) as run:
        require_tables(run.bigquery, run.target, run.ledger)
        if run.ledger.schema_checksum() != schema.checksum(run.target):
            _prepare(run)
        window = run.ledger.unfinished() or _next_window(run)
        extraction.remove_all_but(run.settings, run.target.key, window.load_id if window else None)
        return NOTHING if window is None else _summary(window)


def extract(
    load_id: str | None, advance: Callable[[int], None] = lambda _rows: None, scope: Scope | None = None
) -> Summary:
    """Write the window's events as Parquet, judged by the contract; `advance` is told how many rows are done."""
    return _step(load_id, State.EXTRACTED, lambda run, window: _extract(run, window, advance), scope)


def stage(load_id: str | None, scope: Scope | None = None) -> Summary:
    """Load the window's files into staging tables, and count what stands there."""
    return _step(load_id, State.STAGED, _stage, scope)


def merge(load_id: str | None, scope: Scope | None = None) -> Summary:
    """Merge the window into silver, and its rejected events into bronze."""
    return _step(load_id, State.MERGED, _merge, scope)


def publish(load_id: str | None, scope: Scope | None = None) -> Summary:
    """Bring gold up to date with the trips that the window touched."""
    return _step(load_id, State.PUBLISHED, _publish, scope)


def reconcile(load_id: str | None, scope: Scope | None = None) -> Summary:
    """Compare the window with the lake and, when they agree, close it. Raises NotReconciledError."""
    return _step(load_id, State.RECONCILED, _reconcile, scope)


def prepare(scope: Scope | None = None) -> Summary:
    """Create datasets, tables and views that are missing, and add columns that are new.

    Raises FatalError when tables are gone that the ledger says are loaded: empty ones would hide the loss.
    """
    with hold(scope) as run:
        require_tables(run.bigquery, run.target, run.ledger)
        _prepare(run)
        return {"target": run.target.key, "checksum": schema.checksum(run.target)}


def _step(
    load_id: str | None,
    state: State,
    work: Callable[[Run, Load], Counts],
    scope: Scope | None,
) -> Summary:
    if load_id is None:
        return NOTHING
    with hold(scope) as run:
        window = run.ledger.get(load_id)
        if not window.state.reached(state):
            _require_previous(window, state)
            started = time.monotonic()
            counts = {**work(run, window), SECONDS[state]: time.monotonic() - started}
            run.ledger.record(load_id, state, **counts)
            log.debug("window_advanced", load_id=load_id, state=str(state), **counts)
            window = run.ledger.get(load_id)
        return _summary(window)


def _require_previous(window: Load, state: State) -> None:
    order = list(State)
    previous = order[order.index(state) - 1]
    if not window.state.reached(previous):
        raise FatalError(
            f"The window is {window.state}, and cannot become {state} before it is {previous}",
            where=f"load {window.load_id}",
            remedy="Run the steps in order: plan, extract, stage, merge, publish, reconcile.",
        )


def _extract(run: Run, window: Load, advance: Callable[[int], None]) -> Counts:
    with run.connect_lake() as connection:
        found = extraction.extract(connection, window.ranges, run.files(window.load_id), advance)
    return found._asdict()


def _stage(run: Run, window: Load) -> Counts:
    files = run.files(window.load_id)
    if not files.complete():
        # Another machine extracted, or the folder was cleared meanwhile: the lake still has the same rows.
        _extract(run, window, lambda _rows: None)
    job_id = staging.stage(run.bigquery, run.target, window, files, now=datetime.now(UTC))
    size = sum(file.stat().st_size for file in files)
    return {"staged_bytes": size, **({"staging_job": job_id} if job_id else {})}


def _merge(run: Run, window: Load) -> Counts:
    _stage_if_gone(run, window)
    if window.duplicate_equal is None:
        # Counted once, and written down before the merge, after which nobody could tell any more.
        duplicates = merging.count_duplicates(run.bigquery, run.target, window.load_id)
        run.ledger.days.record_counts(window.load_id, duplicates.days)
        run.ledger.record(window.load_id, duplicate_equal=duplicates.equal, duplicate_different=duplicates.different)
    merging.merge(run.bigquery, run.target, window.load_id)
    return {}


def _publish(run: Run, window: Load) -> Counts:
    _stage_if_gone(run, window)
    publishing.publish(run.bigquery, run.target, window.load_id)
    return {}


def _reconcile(run: Run, window: Load) -> Counts:
    started = time.monotonic()
    _stage_if_gone(run, window)
    with run.connect_lake() as connection:
        checks = reconciliation.check_window(connection, run.bigquery, run.target, window.load_id, window.ranges)
    run.ledger.record_reconciliation(window.load_id, [each._asdict() for each in checks])
    closing.publish_books(run, checks, datetime.now(UTC))
    reconciliation.require(checks, where=f"load {window.load_id}")
    closing.close_days(run, window.load_id)
    trips = next(each.target_value for each in checks if each.name == "trips")
    closing.publish_window(run, window.load_id, trips=trips, seconds=time.monotonic() - started, now=datetime.now(UTC))
    staging.drop(run.bigquery, run.target, window.load_id)
    run.files(window.load_id).remove()
    return {"trips": trips}


def _stage_if_gone(run: Run, window: Load) -> None:
    if not staging.is_staged(run.bigquery, run.target, window):
        _stage(run, window)


def _next_window(run: Run) -> Load | None:
    with run.connect_lake() as connection:
        committed, lowest = read_committed(connection)
    if run.ceiling is not None:
        committed = below(committed, run.ceiling)
    ranges = next_window(committed, run.ledger.loaded(), lowest, run.settings.window_rows)
    return run.ledger.add(ranges) if ranges else None


def _prepare(run: Run) -> None:
    schema.prepare(run.bigquery, run.target, now=datetime.now(UTC))
    run.ledger.record_schema(schema.checksum(run.target))


def _summary(window: Load) -> Summary:
    counts = {name: value for name, value in window._asdict().items() if name != "ranges" and value is not None}
    return {**counts, "state": str(window.state), "partitions": len(window.ranges)}
