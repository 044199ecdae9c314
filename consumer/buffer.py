"""Collects records until they make a batch, and knows where each partition stands."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from consumer.batch import Batch, DeadLetter, Move, Record
from consumer.gate import all_pass, refuse
from contracts.settings import ConsumerSettings

# How many are judged at once: a stranger among them has each judged alone.
TOGETHER = 32


class Buffer:
    """Records of the partitions being read that have not been handed over for landing yet.

    Offsets of a partition, in order: `positions`, where the lake stands; the beginning of what is held here, which is
    later while a batch is being landed; the end, which is the next offset to come.
    """

    def __init__(self, settings: ConsumerSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._largest = settings.maximum_message_bytes
        self._clock = clock
        self.positions: dict[int, int] = {}
        """Where each partition being read stands in the lake: the next offset to land."""
        self._beginnings: dict[int, int] = {}
        self._ends: dict[int, int] = {}
        self._batch = Batch()
        self._bytes = 0
        self._started: float | None = None

    @property
    def is_empty(self) -> bool:
        """Whether everything that was read has been drained."""
        return self._ends == self._beginnings

    @property
    def dead_letters(self) -> int:
        """How many of the records held cannot land."""
        return len(self._batch.dead_letters)

    @property
    def room(self) -> int:
        """How many more rows the batch may have."""
        return self._settings.batch_rows - len(self._batch.records) - len(self._batch.dead_letters)

    @property
    def bytes_left(self) -> int:
        """How many more bytes the batch may have."""
        return self._settings.batch_bytes - self._bytes

    @property
    def is_full(self) -> bool:
        """Whether the batch is as large as the settings allow."""
        return self.room <= 0 or self.bytes_left <= 0

    def begin(self, offsets: Mapping[int, int]) -> None:
        """Expect records of these partitions, from these offsets."""
        for known in (self.positions, self._beginnings, self._ends):
            known.update(offsets)

    def forget(self, partitions: Iterable[int]) -> None:
        """Drop what is held of these partitions and expect nothing more of them."""
        gone = set(partitions)
        self._keep(self._batch.without(gone))
        for partition in gone:
            for known in (self.positions, self._beginnings, self._ends):
                known.pop(partition, None)
        self._rest()

    def add(self, partition: int, records: Sequence[Record]) -> int:
        """Take the next records of a partition; return how many of them had come before.

        Records of a partition that is not being read (any more) are ignored.
        """
        end = self._ends.get(partition)
        if end is None:
            return 0
        fresh = []
        for record in records:
            if record.offset >= end:
                fresh.append(record)
                end = record.offset + 1
        if fresh:
            for start in range(0, len(fresh), TOGETHER):
                self._judge(fresh[start : start + TOGETHER])
            self._note_end(partition, end)
            self._bytes += _size(fresh)
        return len(records) - len(fresh)

    def skip_to(self, partition: int, offset: int) -> None:
        """Note that nothing stands before `offset` any more: transaction markers and compacted records have no rows."""
        if self._ends.get(partition, offset) < offset:
            self._note_end(partition, offset)

    def is_due(self) -> bool:
        """Whether the batch is as large, or has waited as long, as the settings allow."""
        return self.is_full or (not self.is_empty and self.seconds_left() <= 0)

    def seconds_left(self) -> float:
        """Return how long the batch may wait yet, in seconds; an empty one as long as any."""
        waited = 0.0 if self._started is None else self._clock() - self._started
        return self._settings.batch_seconds - waited

    def has_reached(self, targets: Mapping[int, int]) -> bool:
        """Whether every partition being read has been read up to its target."""
        return all(end >= targets.get(part, 0) for part, end in self._ends.items())

    def drain(self, partitions: Iterable[int] | None = None) -> Batch:
        """Take the batch out: of these partitions, or of all."""
        moves = {
            part: Move(self._beginnings[part], end) for part, end in self._ends.items() if end > self._beginnings[part]
        }
        whole = Batch(self._batch.records, self._batch.dead_letters, moves)
        drained = whole if partitions is None else whole.only(partitions)
        self._beginnings.update((part, move.end) for part, move in drained.moves.items())
        self._keep(Batch() if partitions is None else self._batch.without(drained.moves))
        self._rest()
        return drained

    def landed(self, batch: Batch) -> None:
        """Note that a drained batch stands in the lake."""
        self.positions.update((part, move.end) for part, move in batch.moves.items() if part in self.positions)

    def _judge(self, records: Sequence[Record]) -> None:
        """Put records where they belong: with those that land, or with the dead letters."""
        if all_pass([each.key for each in records], [each.value for each in records], self._largest):
            self._batch.records += records
            return
        for record in records:
            refusal = refuse(record.key, record.value, self._largest)
            if refusal is None:
                self._batch.records.append(record)
            else:
                self._batch.dead_letters.append(DeadLetter(record, refusal))

    def _keep(self, batch: Batch) -> None:
        self._batch = batch
        self._bytes = _size(batch.records) + _size([letter.record for letter in batch.dead_letters])

    def _rest(self) -> None:
        if self.is_empty:
            self._started = None

    def _note_end(self, partition: int, end: int) -> None:
        if self._started is None:
            self._started = self._clock()
        self._ends[partition] = end


def _size(records: Sequence[Record]) -> int:
    """Return how many bytes of their messages records hold."""
    bodies = sum([len(record.value or b"") + len(record.key or b"") for record in records])
    headers = [header for record in records if record.headers for header in record.headers]
    return bodies + sum(len(name) + len(value or b"") for name, value in headers)
