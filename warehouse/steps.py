"""The steps of one window: plan, extract, stage, merge, publish, reconcile. What Mage's blocks call.

Each step takes the target's lock, asks the ledger how far the window is, and does only what is missing: it may be run
twice, twice at once, or again after a kill. Each returns the window as a small dictionary for JSON. `load_id` None
means that there is nothing to do, and is handed on. Every step raises UnreachableError, ConfigurationError,
BusyError, and TransientError, PoisonError or FatalError by the code of what failed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

import structlog
from psycopg import Connection

from contracts import lake as postgres
from contracts.errors import FatalError
from contracts.settings import BigQuerySettings, LakeSettings, WarehouseSettings, load
from warehouse import extract as extraction
from warehouse import merge as merging
from warehouse import publish as publishing
from warehouse import reconciliation, schema, staging
from warehouse.bigquery import BigQuery, connect
from warehouse.lake import read_committed
from warehouse.ledger import Ledger, Load, State, hold_ledger
from warehouse.names import Target
from warehouse.window import next_window

Summary = dict[str, Any]
NOTHING: Summary = {"load_id": None, "state": None, "offsets": 0}

log = structlog.get_logger()


class _Run(NamedTuple):
    """What a step works with, while it holds the target's lock."""

    ledger: Ledger
    bigquery: BigQuery
    target: Target
    lake: LakeSettings
    settings: WarehouseSettings

    def files(self, load_id: str) -> extraction.Files:
        return extraction.files_of(self.settings, self.target.key, load_id)


def plan() -> Summary:
    """Return the unfinished window, or write down the next one; `load_id` None when all is loaded."""
    with _run() as run:
        if run.ledger.schema_checksum() != schema.checksum(run.target):
            _prepare(run)
        window = run.ledger.unfinished() or _next_window(run)
        extraction.remove_all_but(run.settings, run.target.key, window.load_id if window else None)
        return NOTHING if window is None else _summary(window)


def extract(load_id: str | None, advance: Callable[[int], None] = lambda _rows: None) -> Summary:
    """Write the window's events as Parquet, judged by the contract; `advance` is told how many rows are done."""
    return _step(load_id, State.EXTRACTED, lambda run, window: _extract(run, window, advance))


def stage(load_id: str | None) -> Summary:
    """Load the window's files into staging tables, and count what stands there."""
    return _step(load_id, State.STAGED, _stage)


def merge(load_id: str | None) -> Summary:
    """Merge the window into silver, and its rejected events into bronze."""
    return _step(load_id, State.MERGED, _merge)


def publish(load_id: str | None) -> Summary:
    """Bring gold up to date with the trips that the window touched."""
    return _step(load_id, State.PUBLISHED, _publish)


def reconcile(load_id: str | None) -> Summary:
    """Compare the window with the lake and, when they agree, close it. Raises NotReconciledError."""
    return _step(load_id, State.RECONCILED, _reconcile)


def prepare() -> Summary:
    """Create datasets, tables and views that are missing, whether or not the ledger says that they are there."""
    with _run() as run:
        _prepare(run)
        return {"target": run.target.key, "checksum": schema.checksum(run.target)}


def _step(load_id: str | None, state: State, work: Callable[[_Run, Load], dict[str, int | str]]) -> Summary:
    if load_id is None:
        return NOTHING
    with _run() as run:
        window = run.ledger.get(load_id)
        if not window.state.reached(state):
            _require_previous(window, state)
            counts = work(run, window)
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


def _extract(run: _Run, window: Load, advance: Callable[[int], None]) -> dict[str, int | str]:
    with _lake(run.lake) as connection:
        found = extraction.extract(connection, window.ranges, run.files(window.load_id), advance)
    return found._asdict()


def _stage(run: _Run, window: Load) -> dict[str, int | str]:
    files = run.files(window.load_id)
    if not files.complete():
        # Another machine extracted, or the folder was cleared meanwhile: the lake still has the same rows.
        _extract(run, window, lambda _rows: None)
    job_id = staging.stage(run.bigquery, run.target, window, files, now=datetime.now(UTC))
    return {"staging_job": job_id} if job_id else {}


def _merge(run: _Run, window: Load) -> dict[str, int | str]:
    _stage_if_gone(run, window)
    if window.duplicate_equal is None:
        # Counted once, and written down before the merge, after which nobody could tell any more.
        duplicates = merging.count_duplicates(run.bigquery, run.target, window.load_id)
        run.ledger.record(window.load_id, duplicate_equal=duplicates.equal, duplicate_different=duplicates.different)
    merging.merge(run.bigquery, run.target, window.load_id)
    return {}


def _publish(run: _Run, window: Load) -> dict[str, int | str]:
    _stage_if_gone(run, window)
    publishing.publish(run.bigquery, run.target, window.load_id)
    return {}


def _reconcile(run: _Run, window: Load) -> dict[str, int | str]:
    _stage_if_gone(run, window)
    with _lake(run.lake) as connection:
        checks = reconciliation.check_window(connection, run.bigquery, run.target, window.load_id, window.ranges)
    run.ledger.record_reconciliation(window.load_id, [each._asdict() for each in checks])
    reconciliation.require(checks, where=f"load {window.load_id}")
    staging.drop(run.bigquery, run.target, window.load_id)
    run.files(window.load_id).remove()
    return {"trips": next(each.target_value for each in checks if each.name == "trips")}


def _stage_if_gone(run: _Run, window: Load) -> None:
    if not staging.is_staged(run.bigquery, run.target, window):
        _stage(run, window)


def _next_window(run: _Run) -> Load | None:
    with _lake(run.lake) as connection:
        committed, lowest = read_committed(connection)
    ranges = next_window(committed, run.ledger.loaded(), lowest, run.settings.window_rows)
    return run.ledger.add(ranges) if ranges else None


def _prepare(run: _Run) -> None:
    schema.prepare(run.bigquery, run.target, now=datetime.now(UTC))
    run.ledger.record_schema(schema.checksum(run.target))


def _summary(window: Load) -> Summary:
    counts = {name: value for name, value in window._asdict().items() if name != "ranges" and value is not None}
    return {**counts, "state": str(window.state), "partitions": len(window.ranges)}


@contextmanager
def _run() -> Iterator[_Run]:
    lake, bigquery = load(LakeSettings), load(BigQuerySettings)
    target = Target.of(bigquery)
    # Asked before the lock is taken: a warehouse that does not answer must not keep others waiting.
    warehouse = connect(bigquery)
    with hold_ledger(lake, target) as ledger:
        yield _Run(ledger, warehouse, target, lake, load(WarehouseSettings))


@contextmanager
def _lake(settings: LakeSettings) -> Iterator[Connection[Any]]:
    with postgres.connect(settings, application="warehouse") as connection:
        yield connection
