"""One run of a sink, watched from outside: the same eyes for all."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from psycopg import Connection, sql
from psycopg.rows import TupleRow

from benchmarks.sink import Place, Sink, Table
from benchmarks.steady import Look, pace
from benchmarks.usage import cpu_seconds, family_cpu_seconds, peak_mebibytes
from contracts.errors import FatalError
from contracts.lake import connect
from contracts.sql import load_sql
from stack.native import NativeStack
from stack.part import Part, log_tail

LOOK_SECONDS = 0.1
QUIET_SECONDS = 1.0
"""When the table has stood still for so long, its rows are counted."""
STILL_SECONDS = 60
"""When it has stood still for so long without all rows, it is given up."""
LOG = "sink.log"


class _Counted(NamedTuple):
    rows: int
    coordinates: int


def observe(sink: Sink, place: Place, events: int, stack: NativeStack) -> dict[str, Any]:
    """Start a sink, watch it until each of the topic's `events` messages has its row, stop it; return its figures.

    Raises FatalError when it ends before, stands still, or lands something twice.
    """
    with (
        connect(place.lake, application="benchmark", autocommit=True) as connection,
        _running(sink, place, stack) as pids,
    ):
        watch = _Watch(connection, pids, stack)
        looks = [watch.look()]
        moved_at = counted_at = 0.0
        counted = _Counted(0, 0)
        while counted.coordinates != events:
            time.sleep(LOOK_SECONDS)
            look = watch.look()
            if look.table_bytes != looks[-1].table_bytes or look.writing:
                moved_at = look.seconds
            looks.append(look)
            if look.seconds - max(moved_at, counted_at) > QUIET_SECONDS:
                codes = _exit_codes(pids)
                counted = _count(connection, sink.table) if look.table_bytes else counted
                if counted.coordinates != events:
                    _verify_hope(sink.name, codes, look.seconds - moved_at, place.folder)
                counted_at = watch.seconds()
    if counted.rows != events:
        raise FatalError(f"{counted.rows - events} messages landed twice", where=sink.name)
    return {"events": events, "peak_mebibytes": watch.peak_mebibytes, **pace(looks, events)._asdict()}


class _Watch:
    """Looks at the table, at Postgres and the broker, and at the sink's processes."""

    def __init__(self, connection: Connection[TupleRow], pids: Sequence[int], stack: NativeStack) -> None:
        self._connection, self._pids = connection, pids
        self._server, self._broker = stack.running["postgres"].pid, stack.running["kafka"].pid
        self._started = time.monotonic()
        self.peak_mebibytes = 0.0
        """Of the process that needed the most."""

    def seconds(self) -> float:
        """Return how long the sink has been running."""
        return time.monotonic() - self._started

    def look(self) -> Look:
        """Look now."""
        row = self._connection.execute(load_sql("postgres/benchmarks/landing_progress")).fetchone()
        assert row is not None, "an aggregate returns one row"  # noqa: S101
        self.peak_mebibytes = max(self.peak_mebibytes, *map(peak_mebibytes, self._pids))
        observer = self._connection.info.backend_pid
        return Look(
            seconds=self.seconds(),
            table_bytes=row[0],
            writing=row[1],
            client_cpu=sum(map(cpu_seconds, self._pids)),
            postgres_cpu=family_cpu_seconds(self._server, without=observer),
            broker_cpu=cpu_seconds(self._broker),
        )


@contextmanager
def _running(sink: Sink, place: Place, stack: NativeStack) -> Iterator[list[int]]:
    """Run a sink's processes as parts of the stack, which ends them even when we are killed; yield their ids."""
    running = []
    try:
        for number, (command, environment) in enumerate(sink.programs(place)):
            part = Part(
                name=f"sink {number}",
                command=command,
                environment=environment,
                folder=place.folder,
                log=place.folder / LOG,
                healthy=lambda: True,
                patience_seconds=5,
            )
            running.append(stack.add(part))
        yield [each.pid for each in running]
    finally:
        for each in running:
            each.stop()


def _exit_codes(pids: Sequence[int]) -> list[int | None]:
    """Return the exit code of each process, None while it runs. An ended one keeps its CPU time for the next look."""
    ended = [os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) for pid in pids]
    return [each.si_status if each else None for each in ended]


def _verify_hope(name: str, codes: Sequence[int | None], still_seconds: float, folder: Path) -> None:
    """Raise FatalError when what is missing will not come any more."""
    if any(codes) or None not in codes or still_seconds > STILL_SECONDS:
        raise FatalError(
            "It did not land everything",
            where=f"{name}, exit codes {codes}, after {still_seconds:.0f} s of standing still",
            remedy=log_tail(folder / LOG),
        )


def _count(connection: Connection[TupleRow], table: Table) -> _Counted:
    statement = sql.SQL(load_sql("postgres/benchmarks/count_coordinates")).format(
        table=table.name, partition=table.partition, offset=table.offset
    )
    row = connection.execute(statement).fetchone()
    assert row is not None, "an aggregate returns one row"  # noqa: S101
    return _Counted(*row)
