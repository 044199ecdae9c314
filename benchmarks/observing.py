"""One run of a contender, watched from outside: the same eyes for all."""

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from psycopg import Connection, sql
from psycopg.rows import TupleRow

from benchmarks.contender import Contender, Place, Program, Table
from benchmarks.steady import Look, pace
from benchmarks.usage import cpu_seconds, family_cpu_seconds, peak_mebibytes
from contracts.errors import FatalError
from contracts.lake import connect
from contracts.sql import load_sql
from stack.part import log_tail

LOOK_SECONDS = 0.1
QUIET_SECONDS = 1.0
"""When the table has stood still for so long, its rows are counted."""
LONGEST_SECONDS = 600


class _Counted(NamedTuple):
    rows: int
    coordinates: int


def observe(contender: Contender, place: Place, events: int, postgres: int) -> dict[str, Any]:
    """Start a contender, watch it until each of the topic's `events` messages has its row, stop it; return its figures.

    `postgres` is the server's process. Raises FatalError when the contender ends before, takes too long, or lands
    something twice.
    """
    with (
        connect(place.lake, application="benchmark", autocommit=True) as connection,
        _running(contender.programs(place), place.folder) as processes,
    ):
        watch = _Watch(connection, processes, postgres)
        looks = [watch.look()]
        moved_at, counted = 0.0, _Counted(0, 0)
        while counted.coordinates != events:
            time.sleep(LOOK_SECONDS)
            look = watch.look()
            if look.table_bytes != looks[-1].table_bytes or look.writing:
                moved_at = look.seconds
            looks.append(look)
            if look.seconds - moved_at > QUIET_SECONDS:
                codes = _exit_codes(processes)
                counted = _count(connection, contender.table) if look.table_bytes else counted
                if counted.coordinates != events:
                    _verify_hope(contender.name, codes, look, place.folder)
                moved_at = look.seconds
    if counted.rows != events:
        raise FatalError(f"{counted.rows - events} messages landed twice", where=contender.name)
    return {"events": events, "peak_mebibytes": watch.peak_mebibytes, **pace(looks, events)._asdict()}


class _Watch:
    """Looks at the table, at Postgres, and at the contender's processes."""

    def __init__(self, connection: Connection[TupleRow], processes: Sequence[subprocess.Popen[bytes]], server: int):
        self._connection, self._server = connection, server
        self._pids = [process.pid for process in processes]
        self._started = time.monotonic()
        self.peak_mebibytes = 0.0
        """Of the process that needed the most."""

    def look(self) -> Look:
        row = self._connection.execute(load_sql("postgres/benchmarks/landing_progress")).fetchone()
        assert row is not None, "an aggregate returns one row"  # noqa: S101
        self.peak_mebibytes = max(self.peak_mebibytes, *map(peak_mebibytes, self._pids))
        observer = self._connection.info.backend_pid
        return Look(
            seconds=time.monotonic() - self._started,
            table_bytes=row[0],
            writing=row[1],
            client_cpu=sum(map(cpu_seconds, self._pids)),
            postgres_cpu=family_cpu_seconds(self._server, without=observer),
        )


@contextmanager
def _running(programs: Sequence[Program], folder: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run a contender's processes, and end them."""
    with (folder / "contender.log").open("wb") as log:
        processes = [
            subprocess.Popen(
                list(each.command),
                env=dict(each.environment),
                cwd=folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            for each in programs
        ]
        try:
            yield processes
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                try:
                    process.wait(5)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def _exit_codes(processes: Sequence[subprocess.Popen[bytes]]) -> list[int | None]:
    """Return the exit code of each process, None while it runs. An ended one keeps its CPU time for the next look."""
    peek = os.WEXITED | os.WNOHANG | os.WNOWAIT
    ended = [os.waitid(os.P_PID, process.pid, peek) for process in processes]
    return [each.si_status if each else None for each in ended]


def _verify_hope(name: str, codes: Sequence[int | None], look: Look, folder: Path) -> None:
    """Raise FatalError when what is missing will not come any more."""
    if any(codes) or None not in codes or look.seconds > LONGEST_SECONDS:
        raise FatalError(
            "A contender did not land everything",
            where=f"{name}, exit codes {codes}, after {look.seconds:.0f} s",
            remedy=log_tail(folder / "contender.log"),
        )


def _count(connection: Connection[TupleRow], table: Table) -> _Counted:
    statement = sql.SQL(load_sql("postgres/benchmarks/count_coordinates")).format(
        table=table.name, partition=table.partition, offset=table.offset
    )
    row = connection.execute(statement).fetchone()
    assert row is not None, "an aggregate returns one row"  # noqa: S101
    return _Counted(*row)
