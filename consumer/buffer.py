"""Collects records until they make a batch, and knows where each partition stands."""

import time
from collections.abc import Callable, Iterable, Mapping

from consumer.batch import Batch, DeadLetter, Move, Record
from consumer.gate import refuse
from contracts.settings import ConsumerSettings


class Buffer:
    """Records of the partitions being read that have not landed yet."""

    def __init__(self, settings: ConsumerSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self.positions: dict[int, int] = {}
        """Where each partition being read stands in the lake: the next offset to land."""
        self._ends: dict[int, int] = {}
        self._batch = Batch()
        self._bytes = 0
        self._started = 0.0

    @property
    def is_empty(self) -> bool:
        """Whether everything that was read has been drained."""
        return not self._ends

    def begin(self, offsets: Mapping[int, int]) -> None:
        """Expect records of these partitions, from these offsets."""
        self.positions.update(offsets)

    def forget(self, partitions: Iterable[int]) -> None:
        """Drop what is buffered of these partitions and expect nothing more of them."""
        gone = set(partitions)
        self._batch = self._batch.without(gone)
        for partition in gone:
            self.positions.pop(partition, None)
            self._ends.pop(partition, None)

    def add(self, record: Record) -> None:
        """Take the next record of a partition; one that is not expected (any more) is ignored."""
        partition, offset = record.partition, record.offset
        if offset < self._expected(partition):
            return
        refusal = refuse(record.key, record.value, self._settings.maximum_message_bytes)
        if refusal is None:
            self._batch.records.append(record)
        else:
            self._batch.dead_letters.append(DeadLetter(record, refusal))
        self._note_end(partition, offset + 1)
        self._bytes += len(record.value or b"")

    def skip_to(self, partition: int, offset: int) -> None:
        """Note that nothing stands before `offset` any more: transaction markers and compacted records have no rows."""
        if self._expected(partition) < offset:
            self._note_end(partition, offset)

    @property
    def room(self) -> int:
        """How many more rows the batch may have."""
        return self._settings.batch_rows - len(self._batch.records) - len(self._batch.dead_letters)

    def is_due(self) -> bool:
        """Whether the batch is as large, or has waited as long, as the settings allow."""
        if self.room <= 0 or self._bytes >= self._settings.batch_bytes:
            return True
        return not self.is_empty and self.seconds_left() <= 0

    def seconds_left(self) -> float:
        """Return how long the batch may wait yet, in seconds."""
        return self._started + self._settings.batch_seconds - self._clock()

    def has_reached(self, targets: Mapping[int, int]) -> bool:
        """Whether every partition being read has been buffered up to its target."""
        return all(self._ends.get(part, at) >= targets.get(part, 0) for part, at in self.positions.items())

    def drain(self, partitions: Iterable[int] | None = None) -> Batch:
        """Take the batch out: of these partitions, or of all."""
        moves = {part: Move(self.positions[part], end) for part, end in self._ends.items()}
        whole = Batch(self._batch.records, self._batch.dead_letters, moves)
        if partitions is None:
            self._batch, self._ends, self._bytes = Batch(), {}, 0
            return whole
        drained = whole.only(partitions)
        self._batch = whole.without(drained.moves)
        self._ends = {part: end for part, end in self._ends.items() if part not in drained.moves}
        return drained

    def landed(self, batch: Batch) -> None:
        """Note that a drained batch stands in the lake."""
        self.positions.update((part, move.end) for part, move in batch.moves.items() if part in self.positions)

    def _expected(self, partition: int) -> int:
        """Return the next offset; of a partition that is not being read, one that no record reaches."""
        return self._ends.get(partition) or self.positions.get(partition, 2**63)

    def _note_end(self, partition: int, end: int) -> None:
        if not self._ends:
            self._started = self._clock()
        self._ends[partition] = end
