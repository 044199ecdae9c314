"""Topic to lake: Tripline's consumer against COPY, against what one writes first, and against other sinks."""

import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from benchmarks import ours
from benchmarks.contender import Contender, NotInstallableError, Place
from benchmarks.machine import describe
from benchmarks.observing import observe
from benchmarks.peers import INSTALLERS
from benchmarks.report import ROOT, Figures, draw_bars, write
from benchmarks.rounds import Contender as Command
from benchmarks.rounds import Sample, median, run
from benchmarks.topic import write_copy_file
from consumer.migrate import migrate
from contracts.errors import FatalError, TriplineError
from contracts.lake import connect
from contracts.settings import KafkaSettings, StackSettings, load
from contracts.sql import load_sql
from stack.cache import cache_folder
from stack.kafka_jars import KAFKA_VERSION
from stack.native import NativeStack, native_stack
from stack.postgres import create_database, drop_database

COLUMNS = (
    "steady, rows/s",
    "of the limit",
    "whole run, rows/s",
    "client, CPU s per 1,000,000",
    "Postgres, CPU s per 1,000,000",
    "peak memory, MiB a process",
)
Say = Callable[[str], object]


class Outcome(NamedTuple):
    """What each contender's runs came to, and why there are none."""

    samples: dict[str, list[Sample]]
    skipped: dict[str, str]


def compare(  # noqa: PLR0913 - what the command takes, and where to do it
    events: int, rounds: int, folder: Path, say: Say, *, only: Sequence[str], publish: bool
) -> Path:
    """Start a broker and Postgres in `folder`, measure all on them, and write the figures; return their path.

    `only` names the contenders by parts of their names; empty for all.
    """
    skipped: dict[str, str] = {}
    peers = list(_installed(only, skipped, say))
    with native_stack(folder, parts=("kafka", "postgres"), say=say) as stack:
        bench = _Bench(stack, folder, events, say)
        halves = bench.copy_files()
        contenders = [each for each in (*ours.contenders(halves), *peers) if _wanted(each.name, only)]
        outcome = Outcome({each.name: [] for each in contenders}, skipped)
        for number in range(1, rounds + 1):
            for each in contenders:
                if each.name not in skipped:
                    bench.take_turn(each, number, outcome)
    return _write(outcome, events, rounds, publish=publish)


class _Bench:
    """The stack with its topics: one of each length that a contender gets."""

    def __init__(self, stack: NativeStack, folder: Path, events: int, say: Say) -> None:
        self._stack, self._folder, self._events, self._say = stack, folder, events, say
        self._topics: dict[int, KafkaSettings] = {}

    def copy_files(self) -> list[Path]:
        """Write the whole topic's rows into two files."""
        files = [self._folder / "even.copy", self._folder / "odd.copy"]
        topic = self._topic(self._events)
        for remainder, file in enumerate(files):
            write_copy_file(topic, range(remainder, topic.partitions, 2), file)
        return files

    def take_turn(self, contender: Contender, number: int, outcome: Outcome) -> None:
        """Let one contender land its topic in a database of its own. Raises FatalError when one of ours fails."""
        events = self._events // contender.part
        group = f"bench-{uuid4()}"
        lake = self._stack.lake.model_copy(update={"database": group})
        create_database(lake)
        try:
            with tempfile.TemporaryDirectory(dir=self._folder) as folder:
                place = Place(self._topic(events), lake, Path(folder), group)
                self._prepare(contender, place)
                sample = observe(contender, place, events, self._stack)
        except FatalError as error:
            if not contender.is_peer:
                raise
            outcome.skipped[contender.name] = f"failed: {error.what}"
            self._say(f"round {number}: {error}")
        else:
            outcome.samples[contender.name].append(sample)
            rates = f"{sample['steady_rate']:,.0f} rows/s steady, {sample['whole_rate']:,.0f} in the whole run"
            self._say(f"round {number}: {contender.name}: {rates}, {sample['peak_mebibytes']:,.0f} MiB")
        finally:
            drop_database(lake)

    def _prepare(self, contender: Contender, place: Place) -> None:
        migrate(place.lake)
        with connect(place.lake, application="benchmark", autocommit=True) as connection:
            connection.execute(load_sql("postgres/benchmarks/ensure_days"))
            if contender.create_table:
                connection.execute(load_sql(contender.create_table))
            connection.execute("CHECKPOINT")

    def _topic(self, events: int) -> KafkaSettings:
        """Return a topic with so many valid events of the simulated city, filled once."""
        if events not in self._topics:
            self._say(f"Filling a topic with {events:,} events …")
            command = [sys.executable, "-m", "benchmarks.produce_with_tripline", "valid", str(events)]
            filled = run(Command("topic", command, {**self._stack.environment(), "PYTHONPATH": str(ROOT)}))
            self._topics[events] = self._stack.kafka.model_copy(update={"topic": filled["topic"]})
        return self._topics[events]


def _installed(only: Sequence[str], skipped: dict[str, str], say: Say) -> Iterable[Contender]:
    """Yield the peers that this machine has or can get; note why it cannot have the others."""
    cache = cache_folder(load(StackSettings)) / "bench"
    cache.mkdir(exist_ok=True)
    for name, install in INSTALLERS.items():
        if not _wanted(name, only):
            continue
        try:
            yield install(name, cache, say)
        except NotInstallableError as error:
            skipped[name] = f"skipped: {error.what}"
        except TriplineError as error:
            skipped[name] = f"skipped: {error}"
        if name in skipped:
            say(f"{name} is {skipped[name]}")


def _wanted(name: str, only: Sequence[str]) -> bool:
    return not only or any(part.lower() in name.lower() for part in only)


def _write(outcome: Outcome, events: int, rounds: int, *, publish: bool) -> Path:
    limit = outcome.samples.get(ours.TWO_COPIES)
    fastest = median(limit, "steady_rate") if limit else 0.0
    rows: list[tuple[str | float, ...]] = []
    bars = []
    for name, runs in outcome.samples.items():
        if name in outcome.skipped or not runs:
            continue
        steady, million = median(runs, "steady_rate"), 1_000_000 / runs[0]["events"]
        rows.append(
            (
                name,
                f"{runs[0]['events']:,}",
                steady,
                f"{steady / fastest:.2f}" if fastest else "",
                median(runs, "whole_rate"),
                median(runs, "client_cpu_seconds") * million,
                median(runs, "postgres_cpu_seconds") * million,
                median(runs, "peak_mebibytes"),
            )
        )
        bars.append((name, steady))
    rows += [(name, reason, *[""] * len(COLUMNS)) for name, reason in outcome.skipped.items()]
    figures = Figures(
        "consumer",
        f"python -m benchmarks consumer --events {events} --rounds {rounds}",
        ("topic to table", "events", *COLUMNS),
        rows,
        rounds,
        describe(["confluent-kafka", "psycopg"]) | {"PostgreSQL": "18", "Kafka": KAFKA_VERSION},
    )
    if publish:
        draw_bars("consumer_rate", "Landed in Postgres", bars, "rows/s, start-up excluded")
    samples = outcome.samples | {"skipped": outcome.skipped}
    return write(figures, samples, publish=publish, today=date.today())  # noqa: DTZ011 - the day here
