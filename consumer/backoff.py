"""How long to wait before the next attempt, and when to give up."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random, SystemRandom

FIRST_SECONDS = 0.2
LONGEST_SECONDS = 15.0
# Longer than any attempt takes: two failures further apart have nothing to do with each other.
SEPARATE_SECONDS = 300.0


def delay(attempt: int, random: Random) -> float:
    """Return seconds to wait after the `attempt`-th failure in a row (from 1): doubling, capped, half of it jitter.

    The jitter keeps several consumers from coming back to a restarted database at the same moment.
    """
    ceiling = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(attempt - 1, 30))
    return ceiling * random.uniform(0.5, 1.0)


@dataclass
class Backoff:
    """Failures in a row: how many, and for how long."""

    clock: Callable[[], float] = time.monotonic
    random: Random = field(default_factory=SystemRandom)
    failures: int = 0
    _first: float = 0.0
    _last: float = 0.0

    @property
    def seconds(self) -> float:
        """How long it has been failing, from the first failure in a row to the last."""
        return self._last - self._first if self.failures else 0.0

    def fail(self) -> float:
        """Note a failure; return seconds to wait."""
        now = self.clock()
        if self.failures == 0 or now - self._last > SEPARATE_SECONDS:
            self.failures, self._first = 0, now
        self.failures, self._last = self.failures + 1, now
        return delay(self.failures, self.random)

    def succeed(self) -> None:
        """Note a success: the next failure is the first."""
        self.failures = 0
