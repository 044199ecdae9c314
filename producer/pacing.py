"""Messages at their time: so many a second, or so many times faster than they happened."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from producer.messages import Message

LONGEST_SLEEP_SECONDS = 0.2


class Pace(NamedTuple):
    """At most one of: `rate` messages a second, or event time `speedup` times as fast. Neither: no waiting."""

    rate: float | None = None
    speedup: float | None = None


def paced(
    messages: Iterable[Message],
    pace: Pace,
    *,
    clock: Callable[[], float],
    sleep: Callable[[float], object],
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Message]:
    """Yield each message once it is due, until `stopped`. `clock` counts seconds.

    Times are absolute, so that waiting does not add up; after a stall it catches up. `sleep` may return early, and is
    asked for short waits only, so that a signal is seen.
    """
    started = clock()
    first_due: int | None = None
    for number, message in enumerate(messages):
        if stopped():
            return
        first_due = message.due if first_due is None else first_due
        due = started + _offset(number, message.due - first_due, pace)
        while (wait := due - clock()) > 0:
            if stopped():
                return
            sleep(min(wait, LONGEST_SLEEP_SECONDS))
        yield message


def _offset(number: int, event_milliseconds: int, pace: Pace) -> float:
    if pace.rate:
        return number / pace.rate
    return event_milliseconds / 1000 / pace.speedup if pace.speedup else 0.0
