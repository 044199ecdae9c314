"""Which dead letter a message replays: a header says it, so that of many replays of a letter one lands."""

import re
from typing import NamedTuple

from consumer.batch import Batch, DeadLetter, Headers
from consumer.gate import Refusal
from contracts.reasons import DeadLetterReason

ORIGIN_HEADER = "tripline-origin"
_COORDINATES = re.compile(rb"([A-Za-z0-9._-]{1,249})/(\d{1,9})/(\d{1,18})")


class Origin(NamedTuple):
    """Coordinates of a dead letter."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        """As the header says it: `trips.events.v1/3/1234`."""
        return f"{self.topic}/{self.partition}/{self.offset}"


def origin_of(headers: Headers | None) -> Origin | None:
    """Return the dead letter that a message with these headers replays; None for any other message."""
    for name, value in headers or ():
        match = _COORDINATES.fullmatch(value or b"") if name == ORIGIN_HEADER else None
        if match:
            return Origin(match[1].decode(), int(match[2]), int(match[3]))
    return None


def with_origin(headers: Headers, origin: Origin) -> Headers:
    """Return the headers of a replay: the letter's own, and whose replay it is."""
    return [each for each in headers if each[0] != ORIGIN_HEADER] + [(ORIGIN_HEADER, str(origin).encode())]


def replays_in(batch: Batch) -> list[tuple[Origin, int, int]]:
    """Return the replays among a batch's records: origin, partition and offset; in the order of the origins."""
    found = [(origin_of(record.headers), record.partition, record.offset) for record in batch.records if record.headers]
    return sorted((origin, partition, offset) for origin, partition, offset in found if origin is not None)


def set_aside(batch: Batch, repeated: set[tuple[int, int]]) -> Batch:
    """Return the batch with the records at these coordinates as dead letters: another replay of theirs has landed."""
    if not repeated:
        return batch
    refusal = Refusal(DeadLetterReason.ALREADY_REPLAYED, "another replay of the same dead letter has landed")
    letters = [DeadLetter(record, refusal) for record in batch.records if (record.partition, record.offset) in repeated]
    return Batch(
        [record for record in batch.records if (record.partition, record.offset) not in repeated],
        sorted([*batch.dead_letters, *letters], key=lambda letter: letter.record),
        batch.moves,
    )
