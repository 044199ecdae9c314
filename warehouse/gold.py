"""Gold from silver, built aside by the same SQL that publishes a window, and put in place."""

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from contracts.sql import load_sql
from warehouse import schema, swap
from warehouse.loading import Watch
from warehouse.merge import Days, groups
from warehouse.names import Target, render
from warehouse.restatement import Restatement
from warehouse.run import Run


def build_gold(run: Run, work: Restatement, days: Days | None, watch: Watch) -> dict[str, Any]:
    """Build gold for some service dates, or for all, and put it in place; `run` holds the target's lock.

    Other days follow when their trips belong to another version of their vehicle than before.
    """
    build = _Build(run, work.aside, days)
    position = _position(run, work)

    def once(part: str, job: Callable[[], Any]) -> Any:
        watch.say(part)
        return work.once(f"{position} {part}", job)

    once("copy silver aside", build.copy_silver)
    asked = build.days_with_trips()
    for number, dates in enumerate(groups(asked)):
        once(f"companies and vehicles {number}", partial(build.day_tables, dates))
    stale = once("dimensions", partial(build.dimensions, asked))
    every = sorted({*asked, *map(date.fromisoformat, stale)})
    for number, dates in enumerate(groups(every)):
        once(f"facts {number}", partial(build.facts, dates))
    once("versions of vehicles", partial(build.versions, every))
    once("rejected events", build.rejected)
    watch.say("put the tables in place")
    build.put_in_place(every)
    return {"days": len(every)}


class _Build:
    """The statements of one build of gold, in the datasets aside."""

    def __init__(self, run: Run, aside: Target, days: Days | None) -> None:
        self._bigquery, self._live, self._aside, self._days = run.bigquery, run.target, aside, days

    def copy_silver(self) -> None:
        swap.drop(self._bigquery, self._aside)
        schema.prepare(self._bigquery, self._aside, now=datetime.now(UTC))
        # Vehicles and dates span all days: those that are not asked for stay as they are.
        others = ("bronze.rejected_event",) if self._days is None else (*swap.DAYS, "gold.dim_date")
        swap.replace_tables(self._bigquery, self._live, self._aside, (*swap.TRIPS, *others))

    def days_with_trips(self) -> list[date]:
        found = swap.days_of(self._bigquery, self._aside, "silver.trip")
        return found if self._days is None else self._days.among(found)

    def day_tables(self, dates: Sequence[date]) -> None:
        for name in ("rebuild/clear_vehicle_day", "merge/provider_day", "merge/vehicle_day"):
            self._query(name, dates)

    def dimensions(self, days: Sequence[date]) -> list[str]:
        """Build the dimensions; return the days whose trips must take another version of a vehicle."""
        if days:
            self._query("gold/dim_date", [days[0], days[-1]])
        for name in ("gold/dim_provider", "gold/dim_vehicle"):
            self._query(name)
        return [row["day"].isoformat() for row in self._query("gold/stale_days")]

    def facts(self, dates: Sequence[date]) -> None:
        for name in swap.FACTS:
            self._query(name.replace(".", "/"), dates)

    def versions(self, days: Sequence[date]) -> None:
        for dates in groups(days):
            self._query("gold/vehicle_day", dates)

    def rejected(self) -> None:
        """Count the rejected events; they have no service date, so only a whole rebuild does."""
        if self._days is None:
            for dates in groups([row["day"] for row in self._query("rebuild/rejected_days")]):
                self._query("gold/health_rejected", dates)

    def put_in_place(self, days: Sequence[date]) -> None:
        bigquery, aside, live = self._bigquery, self._aside, self._live
        whole = (*swap.DAYS, *swap.DIMENSIONS)
        if self._days is None:
            swap.replace_tables(bigquery, aside, live, (*whole, *swap.FACTS, swap.REJECTED))
        else:
            swap.replace_tables(bigquery, aside, live, whole)
            for name in swap.FACTS:
                # Days that have rows in gold and no trip in silver lose their rows.
                stray = self._days.among(swap.days_of(bigquery, live, name))
                swap.replace_days(bigquery, aside, live, [name], sorted({*days, *stray}))
        schema.prepare(bigquery, live, now=datetime.now(UTC))
        swap.drop(bigquery, aside)

    def _query(self, name: str, dates: Sequence[date] = ()) -> list[dict[str, Any]]:
        # A window's statements take its trips from its staging table: here that is every trip of the days.
        tables = {"staging_event": self._aside.table("silver.trip")}
        sql = render(load_sql(f"bigquery/{name}"), self._aside, tables=tables, dates=dates)
        return self._bigquery.query(sql, "rebuild")


def _position(run: Run, work: Restatement) -> str:
    """Return what changes whenever silver may have changed: then what stands aside is of no use any more."""
    unfinished = run.ledger.unfinished()
    ends = sorted((*partition, end) for partition, end in run.ledger.loaded().items())
    content = [ends, unfinished and [unfinished.load_id, str(unfinished.state)], work.newest()]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:12]
