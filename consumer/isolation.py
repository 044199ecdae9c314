"""What the gate let through and Postgres refuses is found by halving its batch; only it becomes a dead letter."""

from collections.abc import Iterator
from typing import Protocol

from consumer.batch import Batch
from consumer.gate import Refusal
from contracts.errors import FatalError, PoisonError
from contracts.reasons import DeadLetterReason


class Lands(Protocol):
    """What lands a whole batch or nothing of it, as `consumer.landing.Lake`."""

    def land(self, batch: Batch) -> None:
        """Raise PoisonError when a value is refused."""


def land_isolating(lake: Lands, batch: Batch) -> Iterator[Batch]:
    """Land the batch and yield what has landed: it as a whole, or its parts one after the other.

    Raises FatalError when even a dead letter is refused, and whatever else `lake.land` raises.
    """
    try:
        lake.land(batch)
    except PoisonError as error:
        if not batch.records:
            raise FatalError("The lake refuses a dead letter", where=error.where, remedy=error.what) from error
        if len(batch.records) == 1:
            yield from land_isolating(lake, batch.with_refused(Refusal(DeadLetterReason.REFUSED_BY_LAKE, error.what)))
            return
        for half in batch.halves():
            yield from land_isolating(lake, half)
    else:
        yield batch
