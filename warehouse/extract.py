"""Extract: the window's events out of the lake, judged by the contract, into two Parquet files."""

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing, contextmanager
from itertools import chain
from operator import not_
from pathlib import Path
from typing import Any, Generic, NamedTuple, Self, TypeVar

import pyarrow.parquet as pq
from psycopg import Connection

from contracts.check import Violation
from contracts.errors import ConfigurationError
from contracts.settings import WarehouseSettings
from warehouse.columns import (
    ACCEPTED_COLUMNS,
    REJECTED_COLUMNS,
    Accepted,
    ColumnOf,
    Landed,
    Rejected,
    Rows,
    arrow_schema,
    joined,
    record_batch,
)
from warehouse.judges import Judge, JudgeApart
from warehouse.judging import COLLECT_AFTER
from warehouse.lake import read_batches
from warehouse.window import Range, pieces

ROW_GROUP_ROWS = 10_000
ROW_GROUP_BYTES = 16 * 2**20
APART_OFFSETS = 200_000
# Few enough for the lake to take them in order from its index, the next partition's from pages still at hand.
PIECE_OFFSETS = 5_000
SWITCH_SECONDS = 0.0005

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
    judge = _judge(ranges)
    fare = 0
    with (
        _interpreter_for_threads(),
        ThreadPoolExecutor(1) as writer,
        _ParquetFile[Accepted](files.accepted, ACCEPTED_COLUMNS, writer) as good,
        _ParquetFile[Rejected](files.rejected, REJECTED_COLUMNS, writer) as bad,
        closing(one_ahead(_asked(judge, connection, ranges))) as batches,
        # Ends before the thread that asks it: that may wait for it.
        judge,
    ):
        for batch in batches:
            verdicts = judge.answer()
            accepted, rejected = divided(batch, verdicts.violations)
            good.write(accepted)
            bad.write(rejected)
            fare += verdicts.fare_minor_units
            advance(len(batch.payload))
    return Extracted(good.rows + bad.rows, good.rows, bad.rows, fare)


def _judge(ranges: Sequence[Range]) -> Judge:
    # To start a process takes as long as to judge some fifty thousand events.
    return JudgeApart() if sum(each.offsets for each in ranges) >= APART_OFFSETS else Judge()


def _asked(judge: Judge, connection: Connection[Any], ranges: Sequence[Range]) -> Iterator[Landed]:
    for batch in chain.from_iterable(read_batches(connection, each) for each in pieces(ranges, PIECE_OFFSETS)):
        judge.ask(batch.payload)
        yield batch


def one_ahead(items: Iterator[Item]) -> Generator[Item]:
    """Yield the items; a thread of its own already gets the next one while the caller works at this one."""
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(next, items, None)
        while (item := following.result()) is not None:
            following = pool.submit(next, items, None)
            yield item


@contextmanager
def _interpreter_for_threads() -> Iterator[None]:
    """Have Python look for cycles rarely (events make none, and looking takes long), and threads change often.

    Arrow works beside the judge and asks for the interpreter between its calls: each time it would wait 5 ms.
    """
    collect, switch = gc.get_threshold(), sys.getswitchinterval()
    gc.set_threshold(COLLECT_AFTER, *collect[1:])
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        gc.set_threshold(*collect)
        sys.setswitchinterval(switch)


def divided(batch: Landed, violations: Mapping[int, Violation]) -> tuple[Accepted, Rejected]:
    """Divide rows into those that keep the contract and those that break it, by the violation at a position."""
    if not violations:
        return Accepted(batch), Rejected(batch.only([]), [])
    broken = [position in violations for position in range(len(batch.payload))]
    return Accepted(batch.only(map(not_, broken))), Rejected(batch.only(broken), list(violations.values()))


class _ParquetFile(Generic[Rows]):
    """A Parquet file that appears under its name when it is whole; a thread writes a row group while the next comes."""

    def __init__(self, path: Path, columns: Sequence[ColumnOf], thread: ThreadPoolExecutor) -> None:
        self._path, self._columns, self._thread = path, columns, thread
        # Two runs may extract the same window at once: each writes its own file, and renames it in one piece.
        self._temporary = path.with_name(f"{path.name}.{os.getpid()}")
        self._pending: list[Rows] = []
        self._pending_rows = self._pending_bytes = 0
        self._writing: list[Future[None]] = []
        self._closing = ExitStack()
        self.rows = 0

    def __enter__(self) -> Self:
        self._closing.callback(self._temporary.unlink, missing_ok=True)
        self._writer = self._closing.enter_context(
            pq.ParquetWriter(self._temporary, arrow_schema(self._columns), compression="zstd")
        )
        self._closing.callback(lambda: wait(self._writing))
        return self

    def write(self, rows: Rows) -> None:
        count = len(rows.landed.payload)
        if not count:
            return
        self.rows += count
        self._pending.append(rows)
        self._pending_rows += count
        self._pending_bytes += sum(map(len, rows.landed.payload))
        if self._pending_rows >= ROW_GROUP_ROWS or self._pending_bytes >= ROW_GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        self._finish()
        self._writing = [self._thread.submit(self._write_group, self._pending)] if self._pending else []
        self._pending, self._pending_rows, self._pending_bytes = [], 0, 0

    def _finish(self) -> None:
        for group in self._writing:
            group.result()

    def _write_group(self, parts: list[Rows]) -> None:
        self._writer.write_batch(record_batch(self._columns, joined(parts)))

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._closing:
            if kind is None:
                self._flush()
                self._finish()
                self._writer.close()
                self._temporary.replace(self._path)
