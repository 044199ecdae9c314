"""How long to wait before the next attempt."""

from random import Random

FIRST_SECONDS = 0.2
LONGEST_SECONDS = 15.0


def delay(attempt: int, random: Random) -> float:
    """Return seconds to wait after the `attempt`-th failure in a row (from 1): doubling, capped, half of it jitter.

    The jitter keeps several consumers from coming back to a restarted database at the same moment.
    """
    ceiling = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(attempt - 1, 30))
    return ceiling * random.uniform(0.5, 1.0)
