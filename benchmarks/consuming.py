"""Topic to lake: Tripline's consumer against COPY, against what one writes first, and against other sinks."""

import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from uuid import uuid4

from benchmarks import ours
from benchmarks.observing import observe
from benchmarks.outcome import Outcome, write_outcome
from benchmarks.peers import INSTALLERS
from benchmarks.rounds import Contender, run
from benchmarks.sink import NotInstallableError, Place, Sink
from benchmarks.topic import write_copy_file
from consumer.migrate import migrate
from contracts.errors import FatalError, TriplineError
from contracts.lake import connect
from contracts.settings import KafkaSettings, StackSettings, load, with_checkout
from contracts.sql import load_sql
from stack.cache import cache_folder
from stack.native import NativeStack, native_stack
from stack.postgres import create_database, drop_database

Say = Callable[[str], object]


def compare(  # noqa: PLR0913 - what the command takes, and where to do it
    events: int, rounds: int, folder: Path, say: Say, *, only: Sequence[str], publish: bool
) -> Path:
    """Start a broker and Postgres in `folder`, measure all on them, and write the figures; return their path.

    `only` names the sinks by parts of their names; empty for all.
    """
    skipped: dict[str, str] = {}
    peers = list(_installed(only, skipped, say))
    with native_stack(folder, parts=("kafka", "postgres"), say=say) as stack:
        bench = _Bench(stack, folder, events, say)
        halves = bench.copy_files()
        sinks = [each for each in (*ours.sinks(halves), *peers) if _wanted(each.name, only)]
        outcome = Outcome({each.name: [] for each in sinks}, skipped)
        for number in range(1, rounds + 1):
            for each in sinks:
                if each.name not in skipped:
                    bench.take_turn(each, number, outcome)
    chosen = "".join(f" --only {part!r}" for part in only)
    command = f"python -m benchmarks consumer --events {events} --rounds {rounds}{chosen}"
    return write_outcome(outcome, command, rounds, publish=publish)


class _Bench:
    """The stack with its topics: one of each length that a sink gets."""

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

    def take_turn(self, sink: Sink, number: int, outcome: Outcome) -> None:
        """Let one sink land its topic in a database of its own. Raises FatalError when one of ours fails."""
        events = self._events // sink.part
        group = f"bench-{uuid4()}"
        lake = self._stack.lake.model_copy(update={"database": group})
        create_database(lake)
        try:
            with tempfile.TemporaryDirectory(dir=self._folder) as folder:
                place = Place(self._topic(events), lake, Path(folder), group)
                self._prepare(sink, place)
                sample = observe(sink, place, events, self._stack)
        except FatalError as error:
            if not sink.is_peer:
                raise
            outcome.skipped[sink.name] = f"failed: {error.what}"
            self._say(f"round {number}: {error}")
        else:
            outcome.samples[sink.name].append(sample)
            rates = f"{sample['steady_rate']:,.0f} rows/s steady, {sample['whole_rate']:,.0f} in the whole run"
            self._say(f"round {number}: {sink.name}: {rates}, {sample['peak_mebibytes']:,.0f} MiB")
        finally:
            drop_database(lake)

    def _prepare(self, sink: Sink, place: Place) -> None:
        migrate(place.lake)
        with connect(place.lake, application="benchmark", autocommit=True) as connection:
            connection.execute(load_sql("postgres/benchmarks/ensure_days"))
            if sink.create_table:
                connection.execute(load_sql(sink.create_table))
            connection.execute("CHECKPOINT")

    def _topic(self, events: int) -> KafkaSettings:
        """Return a topic with so many valid events of the simulated city, filled once."""
        if events not in self._topics:
            self._say(f"Filling a topic with {events:,} events …")
            command = [sys.executable, "-m", "benchmarks.produce_with_tripline", "valid", str(events)]
            filled = run(Contender("topic", command, with_checkout(self._stack.environment())))
            self._topics[events] = self._stack.kafka.model_copy(update={"topic": filled["topic"]})
        return self._topics[events]


def _installed(only: Sequence[str], skipped: dict[str, str], say: Say) -> Iterable[Sink]:
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
