"""Sinks that need nothing but this checkout: the limit, what one writes first, and Tripline."""

import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.sink import Place, Program, Sink
from contracts.settings import ConsumerSettings
from contracts.sql import load_sql
from stack.postgres import INSTALLATION

ONE_COPY, TWO_COPIES = "the limit: psql \\copy, one session", "the limit: psql \\copy, two sessions"
ONE_PROCESS, TWO_PROCESSES = "Tripline, one process", "Tripline, two processes"


def sinks(halves: Sequence[Path]) -> list[Sink]:
    """Return them all; `halves` are the two COPY files that together hold the topic's rows."""
    return [
        Sink(ONE_COPY, lambda place: [_psql(place, halves)], is_peer=False),
        Sink(TWO_COPIES, lambda place: [_psql(place, [half]) for half in halves], is_peer=False),
        Sink(ONE_PROCESS, lambda place: [_tripline(place)], is_peer=False),
        Sink(TWO_PROCESSES, lambda place: [_tripline(place)] * 2, is_peer=False),
        Sink("psycopg, executemany of 1,000", lambda place: [_inserts(place, "batches")], part=4, is_peer=False),
        Sink("an INSERT and a commit a message", lambda place: [_inserts(place, "one")], part=50, is_peer=False),
    ]


def _psql(place: Place, files: Sequence[Path]) -> Program:
    columns = " ".join(load_sql("postgres/queries/copy_trip_events").split()).removeprefix("COPY ")
    command = [str(INSTALLATION / "bin" / "psql"), "--no-psqlrc", "--set", "ON_ERROR_STOP=1"]
    for file in files:
        command += ["--command", "\\copy " + columns.replace("STDIN", f"'{file}'")]
    return Program(command, place.libpq_environment())


def _tripline(place: Place) -> Program:
    settings = ConsumerSettings(group=place.group)
    return Program([sys.executable, "-m", "consumer", "run", "--until-end"], place.environment(settings))


def _inserts(place: Place, how: str) -> Program:
    return Program([sys.executable, "-m", "benchmarks.land_with_inserts", how], place.environment())
