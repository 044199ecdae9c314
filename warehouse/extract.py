"""Extract: the window's events out of the lake, judged by the contract, into two Parquet files."""

import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import chain
from operator import not_
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from psycopg import Connection

from contracts.check import Violation, check
from contracts.errors import ConfigurationError
from contracts.event import EventType, TripEvent
from contracts.settings import WarehouseSettings
from warehouse.columns import (
    ACCEPTED_COLUMNS,
    REJECTED_COLUMNS,
    Accepted,
    ColumnOf,
    Landed,
    Rejected,
    arrow_schema,
    record_batch,
)
from warehouse.lake import read_batches
from warehouse.window import Range, pieces

ROW_GROUP_ROWS = 20_000
ROW_GROUP_BYTES = 64 * 2**20
# Few enough for the lake to take them in order from its index, the next partition's from pages still at hand.
PIECE_OFFSETS = 5_000
COLLECT_AFTER = 100_000


Item = TypeVar("Item")


class Extracted(NamedTuple):
    """What a window held; `fare_minor_units` sums `fare.total` of the accepted trip_end events."""

    landed: int
    accepted: int
    rejected: int
    fare_minor_units: int


class Files(NamedTuple):
    """The Parquet files of one window, in a folder of its own."""

    accepted: Path
    rejected: Path

    def complete(self) -> bool:
        """Whether both files are there; each appears under its name only when it is whole."""
        return self.accepted.is_file() and self.rejected.is_file()

    def remove(self) -> None:
        """Remove them with their folder."""
        shutil.rmtree(self.accepted.parent, ignore_errors=True)


def files_of(settings: WarehouseSettings, target: str, load_id: str) -> Files:
    """Return where a window's files stand; the folder is this user's alone. Raises ConfigurationError."""
    folder = _folder(settings, target) / load_id
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"The work folder cannot be made: {error.strerror}",
            where=str(folder),
            remedy="Check TRIPLINE_WAREHOUSE_WORK_FOLDER.",
        ) from error
    return Files(folder / "accepted.parquet", folder / "rejected.parquet")


def remove_all_but(settings: WarehouseSettings, target: str, load_id: str | None) -> None:
    """Remove what windows left behind that were closed by a run that died right after."""
    folder = _folder(settings, target)
    for each in folder.iterdir() if folder.is_dir() else ():
        if each.name != load_id:
            shutil.rmtree(each, ignore_errors=True)


def _folder(settings: WarehouseSettings, target: str) -> Path:
    root = Path(settings.work_folder or Path(tempfile.gettempdir()) / f"tripline-{os.getuid()}")
    return root / "windows" / target


def extract(
    connection: Connection[Any], ranges: Sequence[Range], files: Files, advance: Callable[[int], None]
) -> Extracted:
    """Write the files of a window, the same bytes for the same window, in bounded memory.

    `advance` is told how many rows are done. Raises TransientError, PoisonError, FatalError from the lake.
    """
    fare = 0
    writing: list[Future[None]] = []
    with (
        _rare_collection(),
        _ParquetFile(files.accepted, ACCEPTED_COLUMNS) as good,
        _ParquetFile(files.rejected, REJECTED_COLUMNS) as bad,
    ):
        batches = chain.from_iterable(read_batches(connection, each) for each in pieces(ranges, PIECE_OFFSETS))
        with ThreadPoolExecutor(1) as writer:
            for batch in one_ahead(batches):
                accepted, rejected = judge(batch)
                for written in writing:
                    written.result()
                writing = [writer.submit(good.write, accepted), writer.submit(bad.write, rejected)]
                fare += sum(map(fare_of, accepted.event))
                advance(len(batch.payload))
            for written in writing:
                written.result()
        return Extracted(good.rows + bad.rows, good.rows, bad.rows, fare)


def one_ahead(items: Iterator[Item]) -> Generator[Item]:
    """Yield the items; a thread of its own already gets the next one while the caller works at this one."""
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(next, items, None)
        while (item := following.result()) is not None:
            following = pool.submit(next, items, None)
            yield item


@contextmanager
def _rare_collection() -> Iterator[None]:
    """Have Python look for cycles after COLLECT_AFTER objects only: events make none, and looking takes long."""
    before = gc.get_threshold()
    gc.set_threshold(COLLECT_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def judge(batch: Landed) -> tuple[Accepted, Rejected]:
    """Divide rows into those that keep the contract and those that break it."""
    outcomes = list(map(check, batch.payload))
    events = [each for each in outcomes if isinstance(each, TripEvent)]
    violations = [each for each in outcomes if isinstance(each, Violation)]
    if not violations:
        return Accepted(batch, events), Rejected(batch.only([]), [])
    accepted = [isinstance(each, TripEvent) for each in outcomes]
    return Accepted(batch.only(accepted), events), Rejected(batch.only(map(not_, accepted)), violations)


def fare_of(event: TripEvent) -> int:
    """Return what the event says was charged for a completed trip, in minor units; 0 for other events."""
    return event.fare.total if event.fare is not None and EventType.TRIP_END in event.event_types else 0


class _ParquetFile:
    """A Parquet file that appears under its name when it is whole; row groups of at most about ROW_GROUP_ROWS rows."""

    def __init__(self, path: Path, columns: Sequence[ColumnOf]) -> None:
        self._path, self._columns = path, columns
        # Two runs may extract the same window at once: each writes its own file, and renames it in one piece.
        self._temporary = path.with_name(f"{path.name}.{os.getpid()}")
        self._pending: list[pa.RecordBatch] = []
        self._stack = ExitStack()
        self.rows = 0

    def __enter__(self) -> "_ParquetFile":
        self._writer = self._stack.enter_context(
            pq.ParquetWriter(self._temporary, arrow_schema(self._columns), compression="zstd")
        )
        return self

    def write(self, rows: Accepted | Rejected) -> None:
        count = len(rows.landed.payload)
        if not count:
            return
        self.rows += count
        self._pending.append(record_batch(self._columns, rows))
        pending = sum(batch.num_rows for batch in self._pending)
        if pending >= ROW_GROUP_ROWS or sum(batch.nbytes for batch in self._pending) >= ROW_GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._pending:
            self._writer.write_table(pa.Table.from_batches(self._pending))
            self._pending = []

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._flush()
        self._stack.close()
        if kind is None:
            self._temporary.replace(self._path)
        else:
            self._temporary.unlink(missing_ok=True)
