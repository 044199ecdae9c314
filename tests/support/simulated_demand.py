"""Demand by area and hour without the way through Kafka, lake and warehouse: of the simulated city, or drawn."""

from collections import Counter
from datetime import date, datetime, timedelta
from functools import cache
from itertools import takewhile

import msgspec
import numpy as np
from numpy.random import Generator

from producer.simulate.dirt import CLEAN
from producer.simulate.plan import ZONE, CityPlan
from producer.simulate.stream import emissions
from warehouse.forecast.history import Count, History, Weeks

MONDAY = date(2026, 3, 16)
RESERVED = b'"reservation_start"'


class Reservation(msgspec.Struct):
    """What a trip's first event says of demand; `timestamp` in milliseconds since the epoch."""

    timestamp: int
    service_date: date
    pickup_area: int


@cache
def demand(seed: int, first: date, days: int, trips_per_day: int) -> tuple[Count, ...]:
    """Return what gold.agg_zone_hour would hold of the simulated city from midnight of `first` on."""
    begin = datetime(first.year, first.month, first.day, tzinfo=ZONE)
    end = (begin + timedelta(days=days)).timestamp() * 1000
    plan = CityPlan(seed=seed, start=int(begin.timestamp() * 1000), trips_per_day=trips_per_day)
    decoder = msgspec.json.Decoder(Reservation)
    trips: Counter[tuple[date, int, int]] = Counter()
    for due, emission in takewhile(lambda each: each[0] < end, emissions(plan, CLEAN)):
        if RESERVED in emission.value and due < end:
            each = decoder.decode(emission.value)
            hour = datetime.fromtimestamp(each.timestamp / 1000, ZONE).hour
            trips[each.service_date, hour, each.pickup_area] += 1
    return tuple(Count(*place, trips=count) for place, count in sorted(trips.items()))


def rates(trips_per_week: float, areas: int = 12) -> Weeks:
    """Return a week's expected trips: a quiet night, busy evenings, a weekend of its own, few areas that count."""
    hours = 1.1 + np.sin((np.arange(24) - 11) / 24 * 2 * np.pi)
    days = np.array([1, 1, 1, 1.1, 1.4, 1.7, 0.8])
    sizes = 0.6 ** np.arange(areas)
    shape = days[:, None, None] * hours[None, :, None] * sizes
    # An airport has its rush in the morning.
    shape[:, :, 1] = shape[:, ::-1, 1]
    return np.asarray(shape / shape.sum() * trips_per_week)


def city(random: Generator, week: Weeks, weeks: int, growth: float = 1.0, noise: float = 0.0) -> History:
    """Draw the trips of some weeks; `noise` is the deviation of a factor that all areas share on a day."""
    scale = growth ** np.arange(weeks)[:, None, None, None]
    weather = np.exp(noise * random.standard_normal((weeks, 7, 1, 1)))
    trips = random.poisson(week[None] * scale * weather).astype(float)
    return History(MONDAY, tuple(range(week.shape[2])), trips)


def counts_of(history: History) -> list[Count]:
    """Return the rows of gold.agg_zone_hour that make up a history."""
    first = history.next_day - timedelta(days=7 * len(history.weeks))
    return [
        Count(first + timedelta(days=7 * int(week) + int(day)), int(hour), history.zones[area], int(trips))
        for (week, day, hour, area), trips in np.ndenumerate(history.weeks)
        if trips
    ]
