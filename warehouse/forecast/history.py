"""What was: trips of every area and hour of whole weeks, zeros included."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Weeks = NDArray[np.float64]
"""Trips or expected trips, by week, day of the week (counted from the week's own first day), hour and area."""

DAYS, HOURS = 7, 24


class Count(NamedTuple):
    """A row of `gold.agg_zone_hour`; hour 24 is the unknown one."""

    service_date: date
    hour_key: int
    zone_key: int
    trips: int


class History(NamedTuple):
    """Whole weeks of which the last ends with the newest complete day. `zones` are the keys of the last axis."""

    next_day: date
    zones: tuple[int, ...]
    weeks: Weeks


def dense(counts: Iterable[Count], zones: Sequence[int], newest: date, maximum_weeks: int) -> History:
    """Return the weeks up to `newest`, at most so many, from the first day with trips on.

    An hour or an area without a row had no trips: BigQuery keeps none. Trips whose hour is unknown, or whose area is
    not among `zones`, are left out. A week that begins before the first day with trips is left out too.
    """
    places = {zone: place for place, zone in enumerate(zones)}
    earliest = newest - timedelta(days=DAYS * maximum_weeks - 1)
    known = [each for each in counts if earliest <= each.service_date <= newest]
    first = min((each.service_date for each in known), default=newest)
    weeks = np.zeros((((newest - first).days + 1) // DAYS, DAYS, HOURS, len(zones)))
    start = newest - timedelta(days=DAYS * len(weeks) - 1)
    for day, hour, zone, trips in known:
        if day >= start and hour < HOURS and zone in places:
            week, weekday = divmod((day - start).days, DAYS)
            weeks[week, weekday, hour, places[zone]] += trips
    return History(newest + timedelta(days=1), tuple(zones), weeks)
