"""A simulation as one stream of emissions, in the order in which they are due."""

from collections.abc import Iterator
from itertools import islice
from random import Random

from producer.ordering import in_order_of_time
from producer.simulate.city import City
from producer.simulate.dirt import DirtRates, Emission, soil
from producer.simulate.plan import CityPlan


def emissions(plan: CityPlan, rates: DirtRates, *, limit: int | None = None) -> Iterator[tuple[int, Emission]]:
    """Yield what the city emits, each with when it is due: all of `limit` trips, or for ever.

    The same arguments give the same bytes.
    """
    # A generator of its own, so that other dirt leaves the city as it is.
    random = Random(f"dirt {plan.seed}")  # noqa: S311 - a simulation, not a secret
    groups = (
        (trip[0].timestamp, [(each.due, each) for each in soil(trip, rates, random)])
        for trip in islice(City(plan).trips(), limit)
    )
    return in_order_of_time(groups)
