"""Backfill: closed windows loaded again into the same tables, which then hold the same rows."""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial
from typing import Any, NamedTuple

from contracts.errors import BadInputError
from contracts.settings import LakeSettings, load
from contracts.sql import load_sql
from warehouse import again, merge, publish, reconciliation, staging
from warehouse.ledger import Load
from warehouse.loading import Watch
from warehouse.loss import require_tables
from warehouse.restatement import Restatement, restating
from warehouse.run import Run, configured_target, hold
from warehouse.window import Range


class Selection(NamedTuple):
    """Which windows: one by its id, those that meet a range of offsets, or those with events that arrived on a day."""

    load_id: str | None = None
    range: Range | None = None
    arrived_on: date | None = None

    def scope(self) -> dict[str, Any]:
        """Return it as JSON."""
        values = {
            "load_id": self.load_id,
            "range": self.range and list(self.range),
            "arrived_on": self.arrived_on and self.arrived_on.isoformat(),
        }
        return {name: value for name, value in values.items() if value is not None}


def backfill(selection: Selection, watch: Watch | None = None) -> dict[str, Any]:
    """Load whole windows again, several at once, and reconcile them; the same tables, however often.

    Raises BadInputError when no closed window is meant; FatalError when lake or contract would give other rows;
    NotReconciledError.
    """
    watch = watch or Watch()
    target = configured_target()
    with restating(load(LakeSettings), target, "backfill", selection.scope()) as work, hold() as run:
        require_tables(run.bigquery, run.target, run.ledger)
        again.require_closed(run.ledger)
        windows = _select(run, selection)
        watch.set_total(sum(each.landed or 0 for each in windows))
        for batch in again.batches(windows, run.settings.window_rows):
            work.once(str(batch.ranges), partial(_load, run, work, batch, watch))
        found = {"windows": len(windows), "landed": sum(each.landed or 0 for each in windows)}
        work.finish(found)
        return found


def _load(run: Run, work: Restatement, batch: again.Batch, watch: Watch) -> None:
    load_id = again.stage_again(run, run.target, batch, work.number, watch.advance).load_id
    merge.merge(run.bigquery, run.target, load_id)
    publish.publish(run.bigquery, run.target, load_id)
    with run.connect_lake() as connection:
        checks = reconciliation.check_window(connection, run.bigquery, run.target, load_id, batch.ranges)
    reconciliation.require(checks, where=f"backfill {work.number}")
    staging.drop(run.bigquery, run.target, load_id)


def _select(run: Run, selection: Selection) -> list[Load]:
    windows = run.ledger.windows()
    if selection.load_id is not None:
        found = [each for each in windows if each.load_id == selection.load_id]
    else:
        wanted = _arrived(run, selection.arrived_on) if selection.arrived_on else [selection.range]
        found = [each for each in windows if _meets(each.ranges, [one for one in wanted if one])]
    if not found:
        raise BadInputError(
            "No window that is loaded has these events",
            where=str(selection.scope()),
            remedy="`python -m warehouse status` shows the newest windows; `run` loads what is not loaded yet.",
        )
    return found


def _arrived(run: Run, day: date | None) -> list[Range]:
    with run.connect_lake() as connection:
        rows = connection.execute(load_sql("postgres/queries/arrived_ranges"), {"day": day}).fetchall()
    return [Range(*row) for row in rows]


def _meets(ranges: Sequence[Range], wanted: Iterable[Range]) -> bool:
    return any(
        one.topic == each.topic
        and one.kafka_partition == each.kafka_partition
        and one.from_offset < each.to_offset
        and each.from_offset < one.to_offset
        for one in wanted
        for each in ranges
    )
