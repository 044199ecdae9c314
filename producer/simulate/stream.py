"""A simulation as one stream of emissions, in the order in which they are due."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from heapq import heappop, heappush, heapreplace
from itertools import count, islice

from producer.simulate.city import City
from producer.simulate.dirt import DirtRates, Emission, soil
from producer.simulate.plan import CityPlan

REMEMBERED_TRIPS = 12_000
_POSITION_BITS, _NUMBER_BITS = 6, 48
_LAST_POSITION, _LAST_NUMBER = (1 << _POSITION_BITS) - 1, (1 << _NUMBER_BITS) - 1
_NEVER = 1 << 128


def emissions(plan: CityPlan, rates: DirtRates, *, limit: int | None = None) -> Iterator[tuple[int, Emission]]:
    """Yield what the city emits from `plan.start` on, each with when it is due: all of `limit` trips, or for ever.

    The same arguments give the same bytes. What is not due yet is not held: one integer a trip says what its next
    emission is, and a trip that is not among the `REMEMBERED_TRIPS` last ones is worked out once more.
    """
    city = City(plan)

    @lru_cache(REMEMBERED_TRIPS)
    def emissions_of(trip: int) -> list[tuple[int, Emission]]:
        in_order = sorted(soil(city.trip(trip), rates, plan.name), key=_due)
        return [(_entry(each.due, trip, position), each) for position, each in enumerate(in_order)]

    calendar: list[int] = []
    for trip in islice(count(city.first), limit):
        earliest = city.earliest(trip)
        if earliest < plan.start and city.is_over(trip, plan.start):
            continue
        yield from _until(_entry(earliest, 0, 0), calendar, emissions_of)
        entry = next((entry for entry, each in emissions_of(trip) if each.due >= plan.start), None)
        if entry is not None:
            heappush(calendar, entry)
    yield from _until(_NEVER, calendar, emissions_of)


def _until(
    horizon: int, calendar: list[int], emissions_of: Callable[[int], list[tuple[int, Emission]]]
) -> Iterator[tuple[int, Emission]]:
    """Yield what is due before the horizon, and put each trip's next emission into its place."""
    while calendar and (entry := calendar[0]) < horizon:
        trip = emissions_of(entry >> _POSITION_BITS & _LAST_NUMBER)
        position = entry & _LAST_POSITION
        if position + 1 < len(trip):
            heapreplace(calendar, trip[position + 1][0])
        else:
            heappop(calendar)
        emission = trip[position][1]
        yield emission.due, emission


def _due(emission: Emission) -> int:
    return emission.due


def _entry(due: int, trip: int, position: int) -> int:
    """Return when, which trip, and which of its emissions as one integer: in that order, a third of a tuple's size."""
    return (due << _NUMBER_BITS | trip) << _POSITION_BITS | position
