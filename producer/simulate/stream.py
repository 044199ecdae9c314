"""A simulation as one stream of emissions, in the order in which they are due."""

from collections.abc import Iterator
from functools import lru_cache
from heapq import heappop, heappush, heapreplace
from itertools import chain, count, islice

from producer.simulate.city import City
from producer.simulate.dirt import DirtRates, Emission, soil
from producer.simulate.plan import CityPlan

REMEMBERED_TRIPS = 12_000
_POSITION_BITS, _NUMBER_BITS = 6, 48
_LAST_POSITION, _LAST_NUMBER = (1 << _POSITION_BITS) - 1, (1 << _NUMBER_BITS) - 1
_NEVER = 1 << 64


def emissions(plan: CityPlan, rates: DirtRates, *, limit: int | None = None) -> Iterator[tuple[int, Emission]]:
    """Yield what the city emits from `plan.start` on, each with when it is due: all of `limit` trips, or for ever.

    The same arguments give the same bytes. What is not due yet is not held: one integer a trip says what its next
    emission is, and a trip that is not among the `REMEMBERED_TRIPS` last ones is worked out once more.
    """
    city = City(plan)

    @lru_cache(REMEMBERED_TRIPS)
    def emissions_of(trip: int) -> list[tuple[int, Emission]]:
        return [(each.due, each) for each in sorted(soil(city.trip(trip), rates), key=_due)]

    calendar: list[int] = []
    for trip in chain(islice(count(city.first), limit), (None,)):
        earliest = _NEVER if trip is None else city.earliest(trip)
        if trip is not None and earliest < plan.start and city.is_over(trip, plan.start):
            continue
        # What is due before any trip that is not in the calendar yet; each makes room for its trip's next.
        horizon = _entry(earliest, 0, 0)
        while calendar and (entry := calendar[0]) < horizon:
            number, position = entry >> _POSITION_BITS & _LAST_NUMBER, entry & _LAST_POSITION
            found = emissions_of(number)
            if position + 1 < len(found):
                heapreplace(calendar, _entry(found[position + 1][0], number, position + 1))
            else:
                heappop(calendar)
            yield found[position]
        if trip is not None:
            found = emissions_of(trip)
            heard = next((position for position, (due, _) in enumerate(found) if due >= plan.start), None)
            if heard is not None:
                heappush(calendar, _entry(found[heard][0], trip, heard))


def _due(emission: Emission) -> int:
    return emission.due


def _entry(due: int, trip: int, position: int) -> int:
    """Return when, which trip, and which of its emissions as one integer: in that order, a third of a tuple's size."""
    return (due << _NUMBER_BITS | trip) << _POSITION_BITS | position
