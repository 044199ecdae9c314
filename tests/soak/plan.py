"""What goes wrong, and when: drawn from a seed, so that a soak can be run again."""

from collections.abc import Iterator
from enum import StrEnum
from random import Random
from typing import NamedTuple


class Kind(StrEnum):
    """What can be done to the path."""

    CONSUMER_KILLED = "consumer killed"
    CONSUMER_STOPPED = "consumer stopped"
    CONSUMER_RESTARTED = "consumer restarted"
    PRODUCER_KILLED = "producer killed"
    PRODUCER_STOPPED = "producer stopped"
    PRODUCER_RESTARTED = "producer restarted"
    BROKER_KILLED = "broker killed"
    BROKER_STOPPED = "broker stopped"
    BROKER_LINK_CUT = "broker link cut"
    BROKER_LINK_SILENT = "broker link silent"
    BROKER_LINK_SLOW = "broker link slow"
    LAKE_KILLED = "lake killed"
    LAKE_STOPPED = "lake stopped"
    LAKE_LINK_CUT = "lake link cut"
    LAKE_LINK_REFUSED = "lake link refused"
    LAKE_LINK_SILENT = "lake link silent"
    LAKE_LINK_HALF_OPEN = "lake link half-open"
    LAKE_LINK_SLOW = "lake link slow"
    LAKE_SESSIONS_ENDED = "lake sessions ended"
    COMMIT_ANSWER_LOST = "answer to a commit lost"


class Fault(NamedTuple):
    """One thing that goes wrong: to which of several, for how long, and how long peace lasts afterwards."""

    kind: Kind
    victim: int
    hold_seconds: float
    rest_seconds: float


def plan(seed: int) -> Iterator[Fault]:
    """Return faults without end: every kind once in each round, in an order and for times that the seed decides.

    A third of the faults holds for longer than a consumer's session.
    """
    random = Random(seed)
    while True:
        for kind in random.sample(list(Kind), len(Kind)):
            hold = random.uniform(7, 9) if random.random() < 1 / 3 else random.uniform(0.5, 4)
            yield Fault(kind, random.randrange(1_000), round(hold, 2), round(random.uniform(0.5, 3), 2))
