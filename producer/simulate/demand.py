"""When people want to ride: a Poisson process that follows the hours of the day and the days of the week."""

from collections.abc import Iterator
from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

SECONDS_PER_DAY = 86_400
# fmt: off
_WEEKDAY = (38, 28, 24, 24, 30, 45, 70, 105, 125, 115, 100, 102,
            108, 108, 108, 112, 122, 140, 155, 150, 130, 115, 95, 65)
_WEEKEND = (120, 115, 95, 60, 38, 30, 35, 45, 60, 80, 95, 105,
            112, 115, 115, 118, 122, 132, 150, 155, 145, 140, 145, 138)
# fmt: on
_WEEK = _WEEKDAY * 5 + _WEEKEND * 2
_MEAN = sum(_WEEK) / len(_WEEK)
SHAPE = tuple(hour / _MEAN for hour in _WEEK)
"""Demand of each hour of the week from Monday 00:00 local time, relative to the mean hour."""


def request_times(start: int, trips_per_day: float, zone: ZoneInfo, random: Random) -> Iterator[int]:
    """Yield moments (milliseconds since the epoch) of requests from `start` on, for ever.

    Thinning: candidates come at the rate of the busiest hour, and each is kept with the share of its own hour.
    """
    peak = max(SHAPE)
    rate = trips_per_day * peak / SECONDS_PER_DAY
    seconds = start / 1000
    while True:
        seconds += random.expovariate(rate)
        if random.random() * peak < SHAPE[_hour_of_week(seconds, zone)]:
            yield int(seconds * 1000)


def _hour_of_week(seconds: float, zone: ZoneInfo) -> int:
    local = datetime.fromtimestamp(seconds, zone)
    return local.weekday() * 24 + local.hour
