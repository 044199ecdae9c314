"""Is the producer healthy? Only if events arrive on the topic; that its process runs proves nothing."""

from datetime import datetime

from contracts.errors import TransientError


def verify_arrivals(newest: datetime | None, now: datetime, *, within_seconds: float, topic: str) -> float:
    """Return how many seconds ago the newest event arrived on the topic.

    Raises TransientError when there is none, or none that is so young.
    """
    where = f"topic {topic}"
    remedy = "Is the producer running, and does the broker acknowledge? Its log says."
    if newest is None:
        raise TransientError("No event has arrived yet", where=where, remedy=remedy)
    age = max((now - newest).total_seconds(), 0.0)
    if age > within_seconds:
        raise TransientError(f"No event has arrived for {age:,.0f} s", where=where, remedy=remedy)
    return age
