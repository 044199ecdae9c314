"""A simulation as one stream of emissions, in the order in which they are due."""

from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from itertools import count

from producer.simulate.city import City
from producer.simulate.dirt import DirtRates, Emission, soil
from producer.simulate.plan import CityPlan

REMEMBERED_TRIPS = 2_000
TRIPS_AT_ONCE = 256
_POSITION_BITS, _NUMBER_BITS = 6, 48
_DUE_SHIFT = _POSITION_BITS + _NUMBER_BITS
_LAST_POSITION, _LAST_NUMBER = (1 << _POSITION_BITS) - 1, (1 << _NUMBER_BITS) - 1


def emissions(plan: CityPlan, rates: DirtRates, *, limit: int | None = None) -> Iterator[tuple[int, Emission]]:
    """Yield what the city emits from `plan.start` on, each with when it is due: all of `limit` trips, or for ever.

    The same arguments give the same bytes. What is not due yet is not held: one integer says when which emission of
    which trip is, and a trip that is not among the `REMEMBERED_TRIPS` last ones is worked out once more.
    """
    city = City(plan)

    @lru_cache(REMEMBERED_TRIPS)
    def emissions_of(trip: int) -> list[Emission]:
        return soil(city.trip(trip), rates)

    def found_by(entries: list[int]) -> Iterator[tuple[int, Emission]]:
        for entry in entries:
            emission = emissions_of(entry >> _POSITION_BITS & _LAST_NUMBER)[entry & _LAST_POSITION]
            yield emission.due, emission

    calendar: list[int] = []
    last = None if limit is None else city.first + limit
    for start in count(city.first, TRIPS_AT_ONCE):
        trips = range(start, start + TRIPS_AT_ONCE if last is None else min(start + TRIPS_AT_ONCE, last))
        if not trips:
            break
        # What is due before it comes now: no trip from here on can precede. Before the plan's start there is nothing.
        if (earliest := city.earliest(start)) >= plan.start:
            calendar.sort()
            horizon = bisect_left(calendar, earliest << _DUE_SHIFT)
            yield from found_by(calendar[:horizon])
            del calendar[:horizon]
        for trip in trips:
            if city.earliest(trip) >= plan.start or not city.is_over(trip, plan.start):
                calendar += _entries(trip, emissions_of(trip), plan.start)
    yield from found_by(sorted(calendar))


def _entries(trip: int, found: list[Emission], start: int) -> list[int]:
    """Return what the calendar says of a trip's emissions from `start` on.

    Each is one integer of when, which trip, and its which emission: it sorts so, and takes a third of a tuple's memory.
    """
    return [
        each.due << _DUE_SHIFT | trip << _POSITION_BITS | position
        for position, each in enumerate(found)
        if each.due >= start
    ]
