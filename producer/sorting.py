"""Any number of trips in order of their start, in bounded memory: sorted runs on disk, merged."""

import heapq
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from tempfile import TemporaryFile
from typing import IO

import msgspec

from producer.trips import Trip

RUN_TRIPS = 50_000

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Trip)


def in_order_of_start(trips: Iterable[Trip], *, run_trips: int = RUN_TRIPS) -> Iterator[Trip]:
    """Yield the trips by start; trips that start together stay in the order they came.

    All are read before the first is yielded. More than `run_trips` are sorted in runs that wait in temporary files.
    """
    source = iter(trips)
    with ExitStack() as files:
        runs: list[Iterable[Trip]] = []
        while run := sorted(islice(source, run_trips), key=_start):
            runs.append(_stored(run, files.enter_context(TemporaryFile())) if len(run) == run_trips else run)
        yield from heapq.merge(*runs, key=_start)


def _start(trip: Trip) -> int:
    return trip.start


def _stored(run: list[Trip], file: IO[bytes]) -> Iterator[Trip]:
    file.write(_encoder.encode_lines(run))
    file.seek(0)
    return map(_decoder.decode, file)
