"""What the gate let through and Postgres refuses is found by halving its batch; only it becomes a dead letter."""

import time
from collections.abc import Callable, Iterator
from math import inf
from typing import Protocol

from consumer.batch import Batch
from consumer.gate import Refusal
from contracts.errors import FatalError, PoisonError, TransientError
from contracts.reasons import DeadLetterReason


class Lands(Protocol):
    """What lands a whole batch or nothing of it, as `consumer.landing.Lake`."""

    def land(self, batch: Batch) -> Batch:
        """Return the batch as it landed. Raise PoisonError when a value is refused."""


def land_isolating(
    lake: Lands, batch: Batch, until: float = inf, clock: Callable[[], float] = time.monotonic
) -> Iterator[Batch]:
    """Land the batch and yield what has landed: it as a whole, or its parts one after the other.

    Raises TransientError when halving goes on at `until` (a slow lake must not keep the consumer from the group),
    FatalError when even a dead letter is refused, and whatever else `lake.land` raises.
    """
    try:
        landed = lake.land(batch)
    except PoisonError as error:
        if not batch.records:
            raise FatalError("The lake refuses a dead letter", where=error.where, remedy=error.what) from error
        if clock() > until:
            raise TransientError("Finding a refused value took too long", where=error.where) from error
        refusal = Refusal(DeadLetterReason.REFUSED_BY_LAKE, error.what)
        halves = batch.halves() if len(batch.records) > 1 else (batch.with_refused(refusal),)
        for part in halves:
            yield from land_isolating(lake, part, until, clock)
    else:
        yield landed
