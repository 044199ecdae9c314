"""The writers of one consumer as a whole: which partition belongs to which, and what all of them have room for."""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from concurrent.futures import FIRST_COMPLETED, wait
from typing import TypeVar

from consumer.batch import Batch, Record
from consumer.buffer import Buffer
from consumer.landing import Lake
from consumer.writer import Writer
from contracts.settings import ConsumerSettings

# Few enough that the largest messages fit in memory, should they come after small ones.
SLICE_MESSAGES = 128

Answer = TypeVar("Answer")


class Writers:
    """Several connections that land side by side; a partition belongs to one of them at a time."""

    def __init__(self, lakes: Sequence[Lake], settings: ConsumerSettings, clock: Callable[[], float]) -> None:
        self._writers = [Writer(lake, Buffer(settings, clock), settings.landing_seconds) for lake in lakes]
        self._owner: dict[int, Writer] = {}
        self._largest = settings.maximum_message_bytes

    def __iter__(self) -> Iterator[Writer]:
        """Go through the writers."""
        return iter(self._writers)

    @property
    def positions(self) -> dict[int, int]:
        """Where each partition being read stands in the lake."""
        return {partition: at for writer in self._writers for partition, at in writer.buffer.positions.items()}

    @property
    def is_landing(self) -> bool:
        """Whether any batch is on its way to the lake."""
        return any(writer.is_landing for writer in self._writers)

    @property
    def is_blocked(self) -> bool:
        """Whether a buffer is full and its writer still lands the batch before."""
        return any(writer.is_landing and writer.buffer.is_full for writer in self._writers)

    @property
    def is_empty(self) -> bool:
        """Whether everything that was read has landed."""
        return not self.is_landing and all(writer.buffer.is_empty for writer in self._writers)

    @property
    def dead_letters(self) -> int:
        """How many dead letters are held and have not landed."""
        return sum(writer.dead_letters for writer in self._writers)

    def seconds_left(self, longest: float) -> float:
        """Return how long the first batch that can be started may wait yet, in seconds: `longest` at the most."""
        left = (writer.buffer.seconds_left() for writer in self._writers if not writer.is_landing)
        return max(min([longest, *left]), 0.0)

    @property
    def slice(self) -> int:
        """How many messages the fullest buffer has room for, should they be as large as those that came last."""
        room = min(writer.buffer.room for writer in self._writers)
        bytes_left = min(writer.buffer.bytes_left for writer in self._writers)
        return max(min(SLICE_MESSAGES, room, bytes_left // self._largest), 1)

    def begin(self, offsets: Mapping[int, int]) -> None:
        """Expect records of these partitions; each goes to the writer that has the fewest."""
        for partition, offset in sorted(offsets.items()):
            writer = min(self._writers, key=lambda each: len(each.buffer.positions))
            writer.buffer.begin({partition: offset})
            self._owner[partition] = writer

    def expect_size(self, largest: int) -> None:
        """Note how many bytes the largest of the messages had that came last."""
        self._largest = max(largest, 1)

    def add(self, partition: int, records: Sequence[Record]) -> int:
        """Take records of a partition; return how many had come before. Those of one not read any more are ignored."""
        writer = self._owner.get(partition)
        return 0 if writer is None else writer.buffer.add(partition, records)

    def skip_to(self, partition: int, offset: int) -> None:
        """Note that a partition has no more rows before this offset."""
        if partition in self._owner:
            self._owner[partition].buffer.skip_to(partition, offset)

    def start_what_is_due(self, targets: Mapping[int, int] | None) -> None:
        """Begin to land full and old batches, and all of them once `targets` have been read."""
        at_end = targets is not None and all(writer.buffer.has_reached(targets) for writer in self._writers)
        for writer in self._writers:
            if not writer.is_landing and (writer.buffer.is_due() or (at_end and not writer.buffer.is_empty)):
                writer.start(writer.buffer.drain())

    def wait(self, seconds: float) -> None:
        """Wait so long for the end of any batch that is on its way."""
        wait([writer.landing for writer in self._writers if writer.landing], seconds, FIRST_COMPLETED)

    def of(self, partitions: Set[int]) -> Iterator[tuple[Writer, set[int]]]:
        """Yield the writers of these partitions, with those that each has."""
        for writer in self._writers:
            if theirs := partitions & writer.buffer.positions.keys():
                yield writer, theirs

    def forget(self, partitions: Set[int]) -> None:
        """Expect nothing more of these partitions."""
        for writer, theirs in self.of(partitions):
            writer.buffer.forget(theirs)
        for partition in partitions:
            self._owner.pop(partition, None)

    def drop(self) -> Iterator[Batch]:
        """Forget all partitions; yield what was held or has failed. Nothing is being landed."""
        for writer in self._writers:
            yield from writer.drop()
        self._owner.clear()

    def ask(self, question: Callable[[Lake], Answer]) -> Answer:
        """Call the lake; raise what it raises."""
        return self._writers[0].ask(question)

    def disconnect(self) -> None:
        """End the connections; the next question or landing opens new ones."""
        for writer in self._writers:
            writer.ask(Lake.disconnect)

    def close(self) -> None:
        """End connections and threads."""
        for writer in self._writers:
            writer.close()
