"""Judging events by the contract; as a process of its own, `python -m warehouse.judging`, what a judge there does.

It gets batches of documents on its standard input, and gives verdicts on its standard output, each behind its length.
It ends when its input does, so that it never outlives whoever started it. It imports little: its memory counts too.
"""

import gc
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from struct import Struct
from typing import IO, NamedTuple

import msgspec

from contracts.check import Violation, check
from contracts.event import EventType, TripEvent

COLLECT_AFTER = 100_000
LENGTH = Struct(">Q")


class Verdicts(NamedTuple):
    """What the contract says of a batch: the rule that is broken, by position, and the sum of `fare_of` the others."""

    violations: dict[int, Violation]
    fare_minor_units: int


def judge(payloads: Sequence[bytes]) -> Verdicts:
    """Judge JSON documents by the contract."""
    violations: dict[int, Violation] = {}
    fare = 0
    for position, outcome in enumerate(map(check, payloads)):
        if isinstance(outcome, Violation):
            violations[position] = outcome
        else:
            fare += fare_of(outcome)
    return Verdicts(violations, fare)


def fare_of(event: TripEvent) -> int:
    """Return what the event says was charged for a completed trip, in minor units; 0 for other events."""
    return event.fare.total if event.fare is not None and EventType.TRIP_END in event.event_types else 0


def serve(batches: IO[bytes], verdicts: IO[bytes]) -> None:
    """Judge batches of documents, one a line, until there are no more, or nobody wants the verdicts."""
    # Who started it also hears Ctrl-C, and closes the input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(COLLECT_AFTER)
    with suppress(BrokenPipeError):
        while (batch := receive(batches)) is not None:
            send(verdicts, msgspec.msgpack.encode(judge(batch.split(b"\n"))))


def send(stream: IO[bytes], message: bytes) -> None:
    """Write a message behind its length."""
    stream.write(LENGTH.pack(len(message)))
    stream.write(message)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes | None:
    """Return the next message; None when the stream has ended, also in the middle of one."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    message = stream.read(length)
    return message if len(message) == length else None


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
