"""What one run did: the figures of the last line, and what its metrics show meanwhile."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock

import orjson

from consumer.batch import Batch, Move, Record
from contracts.console import Progress


@dataclass(frozen=True)
class Counts:
    """Messages whose fate is known; received = landed + duplicates + dead-lettered, always."""

    landed: int = 0
    duplicates: int = 0
    """Came once more though the lake had them: an answer of Postgres was lost, or another consumer was faster."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Dead letters by reason."""
    retries: int = 0
    landings: int = 0
    """Batches that landed, or parts of those that had to be split."""
    arrival_lag_seconds: float = 0.0
    """From the broker's receipt of the message that landed last, to its landing."""
    event_lag_seconds: float = 0.0
    """From what the event that landed last tells of, to its landing."""

    @property
    def dead_lettered(self) -> int:
        """Messages set aside."""
        return self.reasons.total()

    @property
    def received(self) -> int:
        """All messages whose fate is known. What is on its way is not among them yet."""
        return self.landed + self.duplicates + self.dead_lettered


class Report:
    """Counts what the lake has confirmed; read by other threads through `counts` alone, which is never half of a step.

    A commit whose answer was lost counts as duplicates when its messages' coordinates turn out to be in the lake.
    """

    def __init__(
        self,
        progress: Progress,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._progress = progress
        self._clock = clock
        self._now = now
        self._first = self._last = 0.0
        self._lock = Lock()
        self._counts = Counts()
        self.ranges: dict[int, Move] = {}

    @property
    def counts(self) -> Counts:
        """What is known now."""
        with self._lock:
            return self._counts

    def begin(self) -> None:
        """Note that messages came; the rate counts from the first."""
        self._first = self._first or self._clock()

    def add(self, batch: Batch) -> None:
        """Count a batch that has landed."""
        self._last = self._clock()
        counts = self._counts
        changes = replace(
            counts,
            landed=counts.landed + len(batch.records),
            reasons=counts.reasons + Counter(letter.refusal.reason.value for letter in batch.dead_letters),
            landings=counts.landings + 1,
        )
        if batch.records:
            arrival, event = _lags(batch.records[-1], self._now())
            changes = replace(changes, arrival_lag_seconds=arrival, event_lag_seconds=event)
        self._set(changes)
        for partition, move in batch.moves.items():
            first = self.ranges.get(partition, move).start
            self.ranges[partition] = Move(first, move.end)
        self._progress.advance(len(batch.records) + len(batch.dead_letters))

    def add_duplicates(self, messages: int) -> None:
        """Count messages that came and were in the lake already."""
        self._set(replace(self._counts, duplicates=self._counts.duplicates + messages))

    def add_retry(self) -> None:
        """Count a failure after which reading began anew."""
        self._set(replace(self._counts, retries=self._counts.retries + 1))

    def figures(self) -> dict[str, object]:
        """Return the run's figures; `partitions` are offsets [from, to)."""
        counts = self._counts
        seconds = max(self._last - self._first, 0.0)
        rows = counts.landed + counts.dead_lettered
        return {
            "received": counts.received,
            "landed": counts.landed,
            "duplicates": counts.duplicates,
            "dead_lettered": counts.dead_lettered,
            "dead_letter_reasons": dict(sorted(counts.reasons.items())),
            "retries": counts.retries,
            "seconds": round(seconds, 3),
            "rows_per_second": round(rows / seconds) if seconds else 0,
            "partitions": {str(partition): list(move) for partition, move in sorted(self.ranges.items())},
        }

    def _set(self, counts: Counts) -> None:
        with self._lock:
            self._counts = counts


def _lags(record: Record, now: float) -> tuple[float, float]:
    """Return the seconds since the message arrived at the broker, and since what it tells of happened (0: unknown)."""
    document = orjson.loads(record.value or b"null")
    happened = document.get("timestamp") if isinstance(document, dict) else None
    event = now - happened / 1000 if type(happened) is int else 0.0
    return max(now - record.arrived_at / 1000, 0.0), event
