"""Replay of rejected events: those that today's contract lets pass move from bronze to silver and gold.

The lake is asked for them by their coordinates. Books stay closed: what a window loads more, it rejects less. What a
replay will move is counted and written down before it moves, so that one that was killed goes on where it was.
"""

import json
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, NamedTuple

from contracts.errors import FatalError
from contracts.reasons import RejectionReason
from contracts.settings import LakeSettings, load
from contracts.sql import load_sql
from warehouse import day_books, merge, publish, staging
from warehouse import extract as extraction
from warehouse.again import require_closed
from warehouse.day_ledger import ReplayedDay
from warehouse.ledger import Load, State
from warehouse.loss import require_tables
from warehouse.names import render
from warehouse.restatement import Replayed, Restatement, restating
from warehouse.run import Run, configured_target, hold
from warehouse.window import Partition, Range, load_id

COUNTED, BOOKED = " counted", " booked"
COUNTS = ("judged", "accepted", "rejected", "duplicate_equal", "duplicate_different")


class Filter(NamedTuple):
    """Which rejected events: of a reason, of one UTC day of arrival, of one window; all without."""

    reason: RejectionReason | None = None
    arrived_on: date | None = None
    load_id: str | None = None

    def scope(self) -> dict[str, str]:
        """Return it as JSON."""
        return {name: str(value) for name, value in self._asdict().items() if value is not None}


class Place(NamedTuple):
    """Neighbouring offsets whose events were rejected for one reason."""

    topic: str
    kafka_partition: int
    from_offset: int
    to_offset: int
    reason: str
    field: str

    @property
    def range(self) -> Range:
        """The offsets alone."""
        return Range(self.topic, self.kafka_partition, self.from_offset, self.to_offset)


class Part(NamedTuple):
    """The rejected events of one window that arrived on one day."""

    load_id: str
    day: date
    places: Sequence[Place]

    @property
    def name(self) -> str:
        """Identifies it within a replay."""
        return f"{self.load_id} {self.day}"


def replay_rejected(wanted: Filter, *, dry_run: bool = False) -> dict[str, int]:
    """Judge rejected events again and move those that pass; return how many were judged, accepted and rejected.

    `dry_run` only judges. Again, it finds nothing more to move. Raises FatalError while a window is not finished.
    """
    target = configured_target()
    if dry_run:
        with hold() as run:
            return _totals([_judge(run, part.places, f"dry run {part.name}") for part in _parts(run, wanted)])
    with restating(load(LakeSettings), target, "replay_rejected", wanted.scope()) as work, hold() as run:
        require_tables(run.bigquery, run.target, run.ledger)
        require_closed(run.ledger)
        for name, found in work.unfinished(COUNTED, BOOKED):
            _move(run, work, name, found)
        for part in _parts(run, wanted):
            # One after the other: whether an event is a duplicate depends on those that moved before.
            _move(run, work, part.name, work.once(part.name + COUNTED, partial(_count, run, work, part)))
        totals = _totals([found for _, found in work.all(COUNTED)])
        work.finish(totals)
        return totals


def _count(run: Run, work: Restatement, part: Part) -> dict[str, Any]:
    """Stage what passes, and count it before anything moves."""
    found = _judge(run, part.places, f"replay {work.number} {part.name}")
    found |= {"load_id": part.load_id, "places": part.places}
    if found["accepted"]:
        _stage(run, found)
        duplicates = merge.count_duplicates(run.bigquery, run.target, found["staged"])
        found |= {"duplicate_equal": duplicates.equal, "duplicate_different": duplicates.different}
        found |= {"arrived_on": part.day, "days": duplicates.days}
    # As it will come back from Postgres.
    result: dict[str, Any] = json.loads(json.dumps(found, default=date.isoformat))
    return result


def _move(run: Run, work: Restatement, name: str, found: dict[str, Any]) -> None:
    """Silver, gold, then bronze, then the books; each may be done again."""
    if work.is_done(name + BOOKED) or not found["accepted"]:
        return
    staged = found["staged"]
    if not staging.is_staged(run.bigquery, run.target, _window(found)):
        _stage(run, found)
    merge.merge(run.bigquery, run.target, staged)
    publish.publish(run.bigquery, run.target, staged)
    days = [row["day"] for row in merge.run(run.bigquery, run.target, staged, "bigquery/rebuild/replayed_days")]
    for dates in merge.groups(days):
        merge.run(run.bigquery, run.target, staged, "bigquery/rebuild/remove_replayed", dates)
        merge.run(run.bigquery, run.target, staged, "bigquery/gold/health_rejected", dates)
    rows = merge.run(run.bigquery, run.target, staged, "bigquery/rebuild/replayed_events")
    work.book(name + BOOKED, _replayed(found, rows, _held(run, found)))
    staging.drop(run.bigquery, run.target, staged)


def _held(run: Run, found: dict[str, Any]) -> ReplayedDay:
    days = {date.fromisoformat(day["service_date"]): day for day in found["days"]}
    held = day_books.figures(run.bigquery, run.target, sorted(days))
    return ReplayedDay(found["load_id"], found["arrived_on"], [{**day, **held[each]} for each, day in days.items()])


def _judge(run: Run, places: Sequence[Place], attempt: str) -> dict[str, Any]:
    ranges = [Place(*each).range for each in places]
    staged = load_id(f"{run.target.key} {attempt}", ranges)
    files = run.files(staged)
    with run.connect_lake() as connection:
        counts = extraction.extract(connection, ranges, files, lambda _rows: None)
    files.remove()
    if counts.landed != sum(each.offsets for each in ranges):
        raise FatalError(
            f"The lake holds {counts.landed} of {sum(each.offsets for each in ranges)} rejected events",
            where=f"{ranges[0]}",
            remedy="They can be replayed as long as the lake keeps their day.",
        )
    return {
        "staged": staged,
        "judged": counts.landed,
        **counts._asdict(),
        "duplicate_equal": 0,
        "duplicate_different": 0,
    }


def _stage(run: Run, found: dict[str, Any]) -> None:
    ranges = [Place(*each).range for each in found["places"]]
    files = run.files(found["staged"])
    with run.connect_lake() as connection:
        counts = extraction.extract(connection, ranges, files, lambda _rows: None)
    if counts.accepted != found["accepted"]:
        raise FatalError("The contract has changed in the middle of a replay", where=f"load {found['load_id']}")
    staging.stage(run.bigquery, run.target, _window(found), files, now=datetime.now(UTC))
    files.remove()


def _window(found: dict[str, Any]) -> Load:
    values = dict.fromkeys(Load._fields) | {name: found[name] for name in Load._fields if name in found}
    return Load(**{**values, "load_id": found["staged"], "state": State.EXTRACTED, "offsets": 0, "ranges": ()})


def _parts(run: Run, wanted: Filter) -> Iterator[Part]:
    """Yield the rejected events that are meant; those of one day are in memory at a time."""
    starts = _starts(run.ledger.windows())
    for day in run.bigquery.query(render(load_sql("bigquery/rebuild/rejected_days"), run.target), "replay"):
        if wanted.arrived_on not in (None, day["day"]):
            continue
        sql = render(load_sql("bigquery/rebuild/rejected_of_day"), run.target, dates=[day["day"]])
        found: dict[str, list[Place]] = defaultdict(list)
        for row in run.bigquery.stream(sql, "replay"):
            identifier = _load_of(starts, row)
            if wanted.reason in (None, row["reason"]) and wanted.load_id in (None, identifier):
                _add(found[identifier], row)
        for identifier, places in sorted(found.items()):
            yield Part(identifier, day["day"], places)


def _add(places: list[Place], row: dict[str, Any]) -> None:
    offset = row["kafka_offset"]
    place = Place(row["kafka_topic"], row["kafka_partition"], offset, offset + 1, row["reason"], row["field"])
    if (
        places
        and places[-1]._replace(from_offset=offset, to_offset=offset + 1) == place
        and places[-1].to_offset == offset
    ):
        places[-1] = places[-1]._replace(to_offset=offset + 1)
    else:
        places.append(place)


def _starts(windows: Iterable[Load]) -> dict[Partition, list[tuple[int, str]]]:
    starts: dict[Partition, list[tuple[int, str]]] = defaultdict(list)
    for window in windows:
        for each in window.ranges:
            starts[Partition(each.topic, each.kafka_partition)].append((each.from_offset, window.load_id))
    return {partition: sorted(found) for partition, found in starts.items()}


def _load_of(starts: dict[Partition, list[tuple[int, str]]], row: dict[str, Any]) -> str:
    of_partition = starts[Partition(row["kafka_topic"], row["kafka_partition"])]
    return of_partition[bisect_right(of_partition, row["kafka_offset"], key=lambda start: start[0]) - 1][1]


def _replayed(found: dict[str, Any], rows: Iterable[dict[str, Any]], day: ReplayedDay) -> Replayed:
    places = sorted(Place(*each) for each in found["places"])
    events = []
    for row in rows:
        coordinate = (row["kafka_topic"], row["kafka_partition"], row["kafka_offset"])
        place = places[bisect_right(places, coordinate, key=lambda each: each[:3]) - 1]
        events.append((*coordinate, place.reason, place.field))
    return Replayed(
        load_id=found["load_id"],
        counts={
            name: found[name] for name in ("accepted", "fare_minor_units", "duplicate_equal", "duplicate_different")
        },
        events=events,
        day=day,
    )


def _totals(found: Iterable[dict[str, Any]]) -> dict[str, int]:
    totals: Counter[str] = Counter(dict.fromkeys(COUNTS, 0))
    for each in found:
        totals.update({name: each[name] for name in COUNTS})
    return dict(totals)
