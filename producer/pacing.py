"""Things at their time: so many a second, or so many times faster than they happened."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import NamedTuple, TypeVar

LONGEST_SLEEP_SECONDS = 0.2
MOST_AT_ONCE = 500

Item = TypeVar("Item")


class Pace(NamedTuple):
    """At most one of: `rate` items a second, or event time `speedup` times as fast. Neither: no waiting.

    `origin` is the event time at which the run begins, in milliseconds; without one it is that of the first item.
    """

    rate: float | None = None
    speedup: float | None = None
    origin: int | None = None


def paced(
    items: Iterable[tuple[int, Item]],
    pace: Pace,
    *,
    clock: Callable[[], float],
    sleep: Callable[[float], object],
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[list[Item]]:
    """Yield the items of `(due, item)`, in milliseconds of event time, as they are due, until `stopped`.

    What is due together comes together, `MOST_AT_ONCE` at the most. `clock` counts seconds. Times are absolute, so
    that waiting does not add up; after a stall it catches up. `sleep` may return early, and is asked for short waits
    only, so that a signal is seen.
    """
    if not pace.rate and not pace.speedup:
        source = iter(items)
        while (batch := [item for _, item in islice(source, MOST_AT_ONCE)]) and not stopped():
            yield batch
        return
    started = now = clock()
    origin = pace.origin
    batch = []
    for number, (event_time, item) in enumerate(items):
        origin = event_time if origin is None else origin
        due = started + _offset(number, event_time - origin, pace)
        if batch and (due > now or len(batch) == MOST_AT_ONCE):
            yield batch
            batch = []
            if stopped():
                return
        while due > now and (wait := due - (now := clock())) > 0:
            if stopped():
                return
            sleep(min(wait, LONGEST_SLEEP_SECONDS))
        batch.append(item)
    if batch and not stopped():
        yield batch


def _offset(number: int, event_milliseconds: int, pace: Pace) -> float:
    if pace.rate:
        return number / pace.rate
    return event_milliseconds / 1000 / (pace.speedup or 1.0)
