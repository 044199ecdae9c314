"""Rebuild: silver from the lake, gold from silver, each built aside and then put in place.

Ordinary windows go on while silver is built; only to load what came meanwhile and to put the tables in place, and for
a rebuild of gold or of days, the target's lock is held. A rebuild that was killed goes on when it is asked for again.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from psycopg.rows import dict_row

from contracts.errors import FatalError
from contracts.settings import LakeSettings, load
from contracts.sql import load_sql
from warehouse import again, merge, schema, staging, swap
from warehouse.again import require_closed
from warehouse.gold import build_gold
from warehouse.loading import Watch, load_all, start_over_if_lost
from warehouse.loss import lost_tables, require_tables
from warehouse.merge import Days
from warehouse.names import Target
from warehouse.restatement import Restatement, restating
from warehouse.run import Run, Scope, configured_target, hold
from warehouse.window import Partition

Summary = dict[str, Any]


def rebuild_silver(days: Days | None = None, watch: Watch | None = None) -> Summary:
    """Build silver, and gold with it, again from the lake: everything, or the partitions of some service dates.

    Whole, today's contract judges every event and the ledger's windows are written anew. Days keep what is judged:
    they are refused when the contract would judge otherwise. Raises FatalError when the lake has lost events that are
    loaded: their trips would be lost in the warehouse too.
    """
    watch = watch or Watch()
    target = configured_target()
    with restating(load(LakeSettings), target, "rebuild_silver", _scope(days)) as work:
        found = _rebuild_days(work, days, watch) if days else _rebuild_all(work, watch)
        work.finish(found)
        return found


def rebuild_gold(days: Days | None = None, watch: Watch | None = None) -> Summary:
    """Build gold again from silver: everything, or the partitions of some service dates."""
    watch = watch or Watch()
    target = configured_target()
    with restating(load(LakeSettings), target, "rebuild_gold", _scope(days)) as work:
        with hold() as run:
            _require_silver(run)
            found = build_gold(run, work, days, watch)
        work.finish(found)
        return found


def _rebuild_all(work: Restatement, watch: Watch) -> Summary:
    aside = work.aside
    with hold() as run:
        _require_lake(run)
        loaded = run.ledger.loaded()
    start_over_if_lost(aside)
    if work.once("built", lambda: _build_aside(aside, loaded, watch)) == 0:
        return {"windows": 0}
    with hold() as run:
        # Nothing when an earlier attempt came as far as handing its windows over.
        if _loaded(aside):
            watch.say("what came meanwhile")
            load_all(Scope(aside, run.ledger.loaded()), watch)
            watch.say("put the tables in place")
            tables = (*swap.EVENTS, *swap.DAYS, *swap.DIMENSIONS, *swap.FACTS, swap.REJECTED)
            swap.replace_tables(run.bigquery, aside, run.target, tables)
            run.ledger.take_over(aside)
        schema.prepare(run.bigquery, run.target, now=datetime.now(UTC))
        run.ledger.record_schema(schema.checksum(run.target))
        swap.drop(run.bigquery, aside)
        return {"windows": len(run.ledger.windows()), **run.ledger.totals()}


def _build_aside(aside: Target, loaded: Mapping[Partition, int], watch: Watch) -> int:
    watch.set_total(sum(loaded.values()))
    load_all(Scope(aside, loaded), watch)
    return len(loaded)


def _loaded(target: Target) -> bool:
    with hold(Scope(target)) as run:
        return bool(run.ledger.loaded())


def _rebuild_days(work: Restatement, days: Days, watch: Watch) -> Summary:
    aside = work.aside
    with hold() as run:
        require_tables(run.bigquery, run.target, run.ledger)
        require_closed(run.ledger)
        ours = run.ledger.days.loads_of_dates(days.first, days.last)
        windows = [each for each in run.ledger.windows() if each.load_id in ours]
        found = list(again.batches(windows, run.settings.window_rows))
        watch.set_total(sum(each.landed for each in found))
        work.once("prepared", lambda: schema.prepare(run.bigquery, aside, now=datetime.now(UTC)))
        for batch in found:
            work.once(str(batch.ranges), partial(_merge_again, run, work, batch, days, watch))
        watch.say("put the days in place")
        built = {
            *swap.days_of(run.bigquery, aside, "silver.trip"),
            *swap.days_of(run.bigquery, run.target, "silver.trip"),
        }
        swap.replace_days(run.bigquery, aside, run.target, swap.TRIPS, days.among(sorted(built)))
        return build_gold(run, work, days, watch)


def _merge_again(run: Run, work: Restatement, batch: again.Batch, days: Days, watch: Watch) -> None:
    window = again.stage_again(run, work.aside, batch, work.number, watch.advance)
    merge.merge(run.bigquery, work.aside, window.load_id, days)
    staging.drop(run.bigquery, work.aside, window.load_id)


def _require_silver(run: Run) -> None:
    if not set(swap.EVENTS).isdisjoint(lost_tables(run.bigquery, run.target, run.ledger)):
        require_tables(run.bigquery, run.target, run.ledger)


def _require_lake(run: Run) -> None:
    with run.connect_lake() as connection, connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(load_sql("postgres/queries/loaded_and_held"), {"target": run.target.key}).fetchone()
    if row and row["held"] < row["loaded"]:
        raise FatalError(
            f"The lake holds {row['held']} events of the windows that are loaded, which had {row['loaded']}",
            where=f"target {run.target.key}",
            remedy="Rebuilt from it, silver would lose the others. `python -m warehouse rebuild gold` needs no lake.",
        )


def _scope(days: Days | None) -> dict[str, str]:
    return {} if days is None else {"from": days.first.isoformat(), "to": days.last.isoformat()}
