"""A simulated city: trips that a fleet drives, each with the MDS events that its vehicle reports.

Every trip is a function of the plan and its number, so that nothing need be remembered of the trips under way.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache

from msgspec import Struct

from producer.simulate.chance import ONE, draw, draw_numbers
from producer.simulate.demand import HOUR_MILLISECONDS, Demand
from producer.simulate.fleet import Fleet
from producer.simulate.plan import UNDER_WAY_MILLISECONDS, ZONE, CityPlan
from producer.simulate.ride import rides
from producer.simulate.wire import Step, trip_text

TRIPS_PER_VEHICLE_AND_DAY = 10
LARGEST_JITTER_TRIPS = 1_000
"""By how many trips chance may move a request."""
HESITATION_MILLISECONDS = 60_000
FASTEST_MILLISECONDS, SLOWEST_MILLISECONDS = 50, 3_000
"""From an event to its publication."""
_LATENCY_SPREAD = SLOWEST_MILLISECONDS - FASTEST_MILLISECONDS


class Trip(Struct, frozen=True, gc=False):
    """A trip's events in order, whether it was completed, and a draw below `ONE` that nothing was decided by."""

    trip_id: str
    steps: list[Step]
    completed: bool
    lot: int


class City:
    """Trips of one plan."""

    def __init__(self, plan: CityPlan) -> None:
        self._plan, self._name = plan, plan.name
        self._demand = Demand(plan.opens, plan.trips_per_day, ZONE)
        self._fleet = Fleet(max(5, round(plan.trips_per_day / TRIPS_PER_VEHICLE_AND_DAY)), plan.seed)
        self._rides = rides(plan.seed)
        # A tenth of a fleet at the most: the vehicle whose turn it is has long been free.
        self._jitter = min(self._fleet.size / 10, LARGEST_JITTER_TRIPS) / ONE

    @property
    def first(self) -> int:
        """The number of the first trip that may have something to report."""
        if not self._plan.already_running:
            return 0
        wanted = self._demand.wanted_until(self._plan.start - UNDER_WAY_MILLISECONDS)
        return max(int(wanted - LARGEST_JITTER_TRIPS), 0)

    def earliest(self, number: int) -> int:
        """Return a moment (milliseconds) before which neither this trip nor a later one reports anything."""
        return self._demand.moment_of(number)

    def trips(self) -> Iterator[Trip]:
        """Yield all trips, for ever."""
        number = self.first
        while True:
            yield self.trip(number)
            number += 1

    def is_over(self, number: int, moment: int) -> bool:
        """Tell, faster than by the trip itself, whether all of a trip was published before the moment."""
        when, which, hesitates, *_ = draw_numbers(f"{self._name}/{number}")
        last = self._rides[which % len(self._rides)].stops[-1]
        return self._requested(number, when) + last.after + _hesitation(hesitates) + SLOWEST_MILLISECONDS < moment

    def trip(self, number: int) -> Trip:
        """Return one trip."""
        (when, which, hesitates, lot, *delays), (trip_id, *event_ids) = draw(f"{self._name}/{number}")
        requested = self._requested(number, when)
        ride = self._rides[which % len(self._rides)]
        vehicle = self._fleet.vehicle(number % self._fleet.size)
        common = trip_text(vehicle, trip_id, _local_day(requested // HOUR_MILLISECONDS))
        begun = requested + _hesitation(hesitates)
        steps: list[Step] = []
        for stop, event_id, delay in zip(ride.stops, event_ids, delays, strict=False):
            happened = begun + stop.after if stop.after else requested
            published = happened + FASTEST_MILLISECONDS + delay * _LATENCY_SPREAD // ONE
            steps.append(Step(stop, event_id, happened, published, trip_id, common))
        return Trip(trip_id, steps, ride.completed, lot)

    def _requested(self, number: int, when: int) -> int:
        return self._demand.moment_of(number + when * self._jitter)


def _hesitation(draw: int) -> int:
    """Return how many milliseconds someone loses after the request: no two trips of a ride are the same."""
    return draw * HESITATION_MILLISECONDS // ONE


@lru_cache(1_000)
def _local_day(hour: int) -> str:
    """Return the local day of an hour since the epoch."""
    return datetime.fromtimestamp(hour * HOUR_MILLISECONDS / 1000, ZONE).date().isoformat()
