"""What one run did: the figures of the last line."""

import time
from collections import Counter
from collections.abc import Callable

from consumer.batch import Batch, Move
from contracts.console import Progress


class Report:
    """Counts what the lake has confirmed.

    A commit whose answer was lost is not counted, though its rows are in the lake.
    """

    def __init__(self, progress: Progress, clock: Callable[[], float] = time.monotonic) -> None:
        self._progress = progress
        self._clock = clock
        self._first = self._last = 0.0
        self.landed = 0
        self.reasons: Counter[str] = Counter()
        self.ranges: dict[int, Move] = {}
        self.retries = 0

    @property
    def dead_lettered(self) -> int:
        """Messages set aside in this run."""
        return self.reasons.total()

    def received(self) -> None:
        """Note that messages came; the rate counts from the first."""
        self._first = self._first or self._clock()

    def add(self, batch: Batch) -> None:
        """Count a batch that has landed."""
        self._last = self._clock()
        self.landed += len(batch.records)
        self.reasons.update(letter.refusal.reason.value for letter in batch.dead_letters)
        for partition, move in batch.moves.items():
            first = self.ranges.get(partition, move).start
            self.ranges[partition] = Move(first, move.end)
        self._progress.advance(len(batch.records) + len(batch.dead_letters))

    def figures(self) -> dict[str, object]:
        """Return the run's figures; `partitions` are offsets [from, to)."""
        seconds = max(self._last - self._first, 0.0)
        rows = self.landed + self.dead_lettered
        return {
            "landed": self.landed,
            "dead_lettered": self.dead_lettered,
            "dead_letter_reasons": dict(sorted(self.reasons.items())),
            "retries": self.retries,
            "seconds": round(seconds, 3),
            "rows_per_second": round(rows / seconds) if seconds else 0,
            "partitions": {str(partition): list(move) for partition, move in sorted(self.ranges.items())},
        }
