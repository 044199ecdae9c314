"""Time machine: the whole warehouse as it was, in datasets of its own, and the difference between two of them."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from contracts.errors import BadInputError
from contracts.lake import connect as connect_lake
from contracts.settings import BigQuerySettings, LakeSettings, load
from contracts.sql import load_sql
from warehouse.bigquery import connect
from warehouse.ledger import open_ledger
from warehouse.loading import Watch, load_all, start_over_if_lost
from warehouse.names import Target, render
from warehouse.run import Scope, configured_target
from warehouse.window import Partition

EXAMPLES = 20


class Change(NamedTuple):
    """Trips that differ in one way: `added`, `gone`, or `changed` in these columns; money after minus before."""

    change: str
    columns_changed: str
    trips: int
    revenue_minor_units: int


class Difference(NamedTuple):
    """What differs between two warehouses: every way in which trips differ, and some trips, most money first."""

    changes: list[Change]
    examples: list[dict[str, Any]]

    def totals(self) -> dict[str, int]:
        """Return how many trips were added, are gone, have changed, and the difference in revenue, minor units."""
        trips = {
            kind: sum(each.trips for each in self.changes if each.change == kind)
            for kind in ("added", "gone", "changed")
        }
        return {**trips, "revenue_minor_units": sum(each.revenue_minor_units for each in self.changes)}


def as_of(prefix: str, moment: datetime | None, offsets: Mapping[Partition, int], watch: Watch) -> dict[str, Any]:
    """Load what had arrived at `moment`, or lies below `offsets`, into the datasets of `prefix`.

    Today's contract and SQL make the tables. Asked for again it goes on where it was; a later moment is loaded on top.
    Raises BadInputError for the prefix of a warehouse that is loaded, or of one that holds more already.
    """
    target = configured_target()
    if prefix == target.prefix:
        raise BadInputError("This is the prefix of the warehouse itself", where=f"--prefix {prefix}")
    aside = target._replace(prefix=prefix)
    _mark_snapshot(load(LakeSettings), aside)
    start_over_if_lost(aside)
    ceiling = dict(offsets) or offsets_at(load(LakeSettings), moment)
    with open_ledger(load(LakeSettings), aside) as ledger:
        if any(end > ceiling.get(partition, 0) for partition, end in ledger.loaded().items()):
            raise BadInputError(
                "The datasets of this prefix hold events of a later time already",
                where=f"--prefix {prefix}",
                remedy="Take another prefix.",
            )
    watch.set_total(sum(ceiling.values()))
    windows = load_all(Scope(aside, ceiling), watch)
    with open_ledger(load(LakeSettings), aside) as ledger:
        return {"prefix": prefix, "windows": windows, **ledger.totals()}


def _mark_snapshot(lake: LakeSettings, target: Target) -> None:
    """Let the lake know that this warehouse keeps none of its days; refuse one that is loaded continuously."""
    with connect_lake(lake, application="as-of") as connection:
        marked = connection.execute(load_sql("postgres/queries/add_snapshot"), {"target": target.key}).fetchone()
    if marked is None:
        raise BadInputError("A warehouse of this prefix is loaded from this lake", where=f"--prefix {target.prefix}")


def offsets_at(lake: LakeSettings, moment: datetime | None) -> dict[Partition, int]:
    """Return, per partition, the offset of the first event that arrived after `moment`, else the lake's next."""
    with connect_lake(lake, application="as-of") as connection:
        rows = connection.execute(load_sql("postgres/queries/offsets_at"), {"moment": moment}).fetchall()
    return {Partition(topic, number): end for topic, number, end in rows}


def diff(before: str, after: str) -> Difference:
    """Compare the trips of the warehouses of two prefixes; money in minor units, `after` minus `before`."""
    settings = load(BigQuerySettings)
    bigquery = connect(settings)
    target = Target.of(settings)
    tables = {
        name: target._replace(prefix=prefix).table("silver.trip")
        for name, prefix in (("before", before), ("after", after))
    }
    trips: Counter[tuple[str, str]] = Counter()
    money: Counter[tuple[str, str]] = Counter()
    examples: list[dict[str, Any]] = []
    for row in bigquery.stream(render(load_sql("bigquery/rebuild/diff"), target, tables=tables), "diff"):
        kind = row["change"], row["columns_changed"]
        trips[kind] += 1
        money[kind] += row["revenue_after"] - row["revenue_before"]
        if len(examples) < EXAMPLES:
            examples.append(row)
    return Difference([Change(*kind, count, money[kind]) for kind, count in trips.most_common()], examples)
