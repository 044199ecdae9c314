"""Does the consumer live, and do its data move? Written by the loop, read by whoever asks over HTTP."""

import time
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from threading import Lock

STANDSTILL_SECONDS = 60.0


@dataclass(frozen=True)
class Standing:
    """How one partition stands: the next offset to land, how many messages wait, and since when it has not moved."""

    position: int
    waiting: int
    since: float


@dataclass
class Status:
    """The newest news of the loop. `silence_seconds` is how long one of its steps may take."""

    silence_seconds: float
    clock: Callable[[], float] = time.monotonic
    partitions: Mapping[int, Standing] = field(default_factory=dict)
    _stepped_at: float = 0.0
    _joined: bool = False
    _not_read: Set[int] = frozenset()
    _error: str = ""
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self._stepped_at = self.clock()

    def step(
        self, *, joined: bool, not_read: Set[int], positions: Mapping[int, int], waiting: Mapping[int, int]
    ) -> None:
        """Note that the loop goes round, and where its partitions stand; `waiting` counts messages by partition."""
        now = self.clock()
        partitions: dict[int, Standing] = {}
        for partition, position in positions.items():
            messages = waiting.get(partition, 0)
            before = self.partitions.get(partition)
            stands_still = before is not None and before.position == position and before.waiting and messages
            partitions[partition] = Standing(position, messages, before.since if before and stands_still else now)
        with self._lock:
            self._stepped_at, self._joined, self._not_read = now, joined, frozenset(not_read)
            self.partitions = partitions

    def fail(self, error: str) -> None:
        """Remember what the loop's last failure was."""
        self._error = error

    def live(self) -> str:
        """Say that the loop has stopped going round, or nothing."""
        silent = self.clock() - self._stepped_at
        return f"the loop has not gone round for {silent:.0f} s" if silent > self.silence_seconds else ""

    def ready(self) -> str:
        """Say why data do not move, or nothing."""
        with self._lock:
            joined, not_read, partitions = self._joined, self._not_read, self.partitions
        if problem := self.live():
            return problem
        if not joined:
            return "not in the group yet"
        if not_read:
            return f"partitions {sorted(not_read)} are not read: {self._error or 'beginning'}"
        for partition, standing in sorted(partitions.items()):
            still = self.clock() - standing.since
            if standing.waiting and still > STANDSTILL_SECONDS:
                return f"partition {partition}: {standing.waiting} messages wait, and none has landed for {still:.0f} s"
        return ""
