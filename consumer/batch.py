"""What is landed in one transaction: records, dead letters, and the offsets that they move each partition to."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from msgspec import Struct

from consumer.gate import Refusal

Headers = list[tuple[str, bytes | None]]


class Record(Struct, frozen=True, order=True, gc=False):
    """One Kafka message; `arrived_at` is the broker's time in milliseconds since the epoch. In order of coordinates.

    The garbage collector does not know of records: they cannot form cycles, and come a hundred thousand times a second.
    """

    partition: int
    offset: int
    arrived_at: int
    key: bytes | None
    value: bytes | None
    headers: Headers | None


class DeadLetter(NamedTuple):
    """A record that cannot land, and why."""

    record: Record
    refusal: Refusal


class Move(NamedTuple):
    """A partition's step from the offset where it stood to the next one to read: `[start, end)` is accounted for."""

    start: int
    end: int


@dataclass
class Batch:
    """Records and dead letters in order of offset within each partition; `moves` by partition covers them all."""

    records: list[Record] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    moves: dict[int, Move] = field(default_factory=dict)

    def without(self, partitions: Iterable[int]) -> "Batch":
        """Return the batch without these partitions: somebody else owns them now."""
        gone = set(partitions)
        return Batch(
            [record for record in self.records if record.partition not in gone],
            [letter for letter in self.dead_letters if letter.record.partition not in gone],
            {partition: move for partition, move in self.moves.items() if partition not in gone},
        )

    def coordinates(self) -> Iterator[tuple[int, int]]:
        """Yield partition and offset of each record, those of the dead letters included."""
        for record in chain(self.records, (letter.record for letter in self.dead_letters)):
            yield record.partition, record.offset

    def behind(self, positions: Mapping[int, int]) -> "Batch":
        """Return what of the batch stands at or behind these offsets, without moves; nothing of other partitions."""
        reached = {partition: positions.get(partition, move.end) for partition, move in self.moves.items()}
        return Batch(
            [record for record in self.records if record.offset >= reached[record.partition]],
            [letter for letter in self.dead_letters if letter.record.offset >= reached[letter.record.partition]],
        )

    def only(self, partitions: Iterable[int]) -> "Batch":
        """Return the part of the batch that belongs to these partitions."""
        return self.without(self.moves.keys() - set(partitions))

    def halves(self) -> tuple["Batch", "Batch"]:
        """Split two or more records in two batches that land one after the other what this one would have."""
        middle = len(self.records) // 2
        first_records, second_records = self.records[:middle], self.records[middle:]
        ends = {partition: move.start for partition, move in self.moves.items()}
        ends.update((record.partition, record.offset + 1) for record in first_records)
        before = [letter for letter in self.dead_letters if letter.record.offset < ends[letter.record.partition]]
        after = [letter for letter in self.dead_letters if letter.record.offset >= ends[letter.record.partition]]
        first = {part: Move(move.start, ends[part]) for part, move in self.moves.items() if ends[part] > move.start}
        second = {part: Move(ends[part], move.end) for part, move in self.moves.items() if move.end > ends[part]}
        return Batch(first_records, before, first), Batch(second_records, after, second)

    def with_refused(self, refusal: Refusal) -> "Batch":
        """Return the batch with its only record as a dead letter."""
        (record,) = self.records
        letters = sorted([*self.dead_letters, DeadLetter(record, refusal)], key=lambda letter: letter.record.offset)
        return Batch([], letters, self.moves)
