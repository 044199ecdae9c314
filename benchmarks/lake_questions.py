"""What the lake costs and answers at a size: roll-ups, the analyst's questions, and indexes against each other."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

from psycopg import Connection, sql
from psycopg.rows import TupleRow

from benchmarks.lake import BATCH_ROWS, PARTITIONS, TOPIC
from benchmarks.machine import describe
from benchmarks.report import Figures, write
from consumer import days, roll_up
from consumer.batch import Batch, Move, Record
from consumer.landing import Lake
from consumer.migrate import migrate
from contracts.console import progress, table
from contracts.lake import connect
from contracts.settings import LakeSettings
from contracts.sql import SQL_FOLDER, load_sql
from producer.simulate.dirt import DirtRates
from producer.simulate.plan import EVENTS_PER_TRIP, CityPlan, parse_start
from producer.simulate.stream import emissions
from stack.native import native_stack

EVENTS_PER_DAY = 100_000

QUESTIONS = tuple(sorted(path.stem for path in (SQL_FOLDER / "postgres" / "answers").glob("*.sql")))
INDEXES = tuple(sorted(path.stem for path in (SQL_FOLDER / "postgres" / "benchmarks" / "indexes").glob("*.sql")))


class Cost(NamedTuple):
    """What one index costs on one day: seconds to make, bytes, and milliseconds to answer its question."""

    candidate: str
    seconds: float
    bytes: int
    milliseconds: float


def close_all(connection: Connection[TupleRow]) -> float:
    """Index and freeze every day; return the seconds that it took."""
    with _clock() as seconds:
        for day in days.read_days(connection):
            days.close_day(connection, day)
    return seconds()


def roll_up_all(connection: Connection[TupleRow]) -> float:
    """Roll everything up; return the seconds that it took."""
    with _clock() as seconds:
        waiting = roll_up.read_waiting(connection)
        for service_date in roll_up.touched_dates(connection, waiting):
            roll_up.count_again(connection, service_date)
        roll_up.advance(connection, waiting)
    return seconds()


def ask(lake: LakeSettings, day: date, rounds: int) -> dict[str, float]:
    """Return the median milliseconds of each question, asked as an analyst's session would."""
    with connect(lake, application="benchmark") as connection:
        connection.execute(load_sql("postgres/benchmarks/as_analyst"))
        subject = connection.execute(load_sql("postgres/benchmarks/subject"), {"day": day}).fetchone() or ("", "")
        values = {"day": day, "trip_id": subject[0], "vehicle_id": subject[1]}
        return {name: _median(connection, load_sql(f"postgres/answers/{name}"), values, rounds) for name in QUESTIONS}


def compare_indexes(connection: Connection[TupleRow], day: date, rounds: int) -> Iterator[Cost]:
    """Yield the cost of each candidate in turn on one day, with no other index of its kind there."""
    of_day = sql.Identifier("raw", f"trip_event_{day:%Y%m%d}")
    trip_id, vehicle_id = connection.execute(load_sql("postgres/benchmarks/subject"), {"day": day}).fetchone() or (
        "",
        "",
    )
    values = {"trip_id": trip_id, "vehicle_id": vehicle_id, "service_date": day}
    for suffix, _ in days.INDEXES:
        name = sql.Identifier("raw", f"trip_event_{day:%Y%m%d}_{suffix}")
        connection.execute(days.statement("drop_index", index=name))
    for candidate in INDEXES:
        with _clock() as seconds:
            connection.execute(sql.SQL(load_sql(f"postgres/benchmarks/indexes/{candidate}")).format(day=of_day))
        connection.execute(sql.SQL("ANALYZE {}").format(of_day))
        (size,) = connection.execute(load_sql("postgres/benchmarks/index_bytes")).fetchone() or (0,)
        column = candidate.split("_by_")[0]
        lookup = sql.SQL(load_sql(f"postgres/benchmarks/look_up_{column}")).format(day=of_day)
        yield Cost(candidate, seconds(), size, _median(connection, lookup, values, rounds))
        connection.execute(load_sql("postgres/benchmarks/drop_candidate"))


def _median(connection: Connection[TupleRow], statement: Any, values: dict[str, Any], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        with _clock() as seconds:
            connection.execute(statement, values).fetchall()
        times.append(seconds() * 1000)
    return statistics.median(times)


@contextmanager
def _clock() -> Iterator[Callable[[], float]]:
    started = time.perf_counter()
    ended: list[float] = []
    yield lambda: (ended[0] if ended else time.perf_counter()) - started
    ended.append(time.perf_counter())


def measure(events: int, rounds: int, folder: Path, say: Callable[[str], object], *, publish: bool) -> Path:
    """Fill a lake with days of a city; measure its questions, indexes and upkeep; return the path of the figures."""
    with native_stack(folder, parts=("postgres",), say=say) as stack:
        migrate(stack.lake)
        with progress("fill the lake", events) as bar:
            last_day = _fill(stack.lake, events, bar.advance)
        with connect(stack.lake, application="benchmark", autocommit=True) as connection:
            rows: list[tuple[str, float, float]] = [
                ("index, freeze and analyse all days", close_all(connection) * 1000, 0),
                ("roll everything up", roll_up_all(connection) * 1000, 0),
            ]
        day = last_day - timedelta(days=2)
        rows += [(name, milliseconds, 0) for name, milliseconds in ask(stack.lake, day, rounds).items()]
        with connect(stack.lake, application="benchmark", autocommit=True) as connection:
            for cost in compare_indexes(connection, day, rounds):
                rows += [(f"{cost.candidate}: make", cost.seconds * 1000, cost.bytes / 2**20)]
                rows += [(f"{cost.candidate}: look up", cost.milliseconds, cost.bytes / 2**20)]
    figures = Figures(
        "lake",
        f"python -m benchmarks lake --events {events} --rounds {rounds}",
        (f"{events:,} events", "milliseconds", "index, MiB"),
        rows,
        rounds,
        describe(["psycopg"]) | {"PostgreSQL": "18"},
    )
    table("The lake", figures.columns, [(name, f"{ms:,.1f}", f"{size:,.2f}") for name, ms, size in rows])
    return write(figures, {}, publish=publish, today=date.today())  # noqa: DTZ011 - the day here


def _fill(lake: LakeSettings, events: int, advance: Callable[[int], None]) -> date:
    """Land a city's events as they fall due, 100,000 a day; return the day of the last one."""
    plan = CityPlan(seed=7, start=parse_start("2026-01-01"), trips_per_day=EVENTS_PER_DAY / EVENTS_PER_TRIP)
    ends = dict.fromkeys(range(PARTITIONS), 0)
    landing, due = Lake(lake, TOPIC, 100), 0
    for partition in ends:
        landing.register(partition, 0)
    due_emissions = islice(emissions(plan, DirtRates(malformed=0)), events)
    while taken := list(islice(due_emissions, BATCH_ROWS)):
        starts, records = dict(ends), []
        for due, emission in taken:
            partition = crc32(emission.key.encode()) % PARTITIONS
            records.append(Record(partition, ends[partition], due, emission.key.encode(), emission.value, None))
            ends[partition] += 1
        landing.land(Batch(records, [], {part: Move(starts[part], end) for part, end in ends.items()}))
        advance(len(taken))
    landing.disconnect()
    return datetime.fromtimestamp(due / 1000, UTC).date()
