"""When people want to ride: demand follows the hours of the day and the days of the week."""

from bisect import bisect_right
from datetime import datetime
from zoneinfo import ZoneInfo

HOUR_MILLISECONDS = 3_600_000
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


class Demand:
    """How many rides are wanted from a moment on, and at which moment how many have been."""

    def __init__(self, since: int, trips_per_day: float, zone: ZoneInfo) -> None:
        """Begin at `since`, in milliseconds since the epoch."""
        self._zone = zone
        self._trips_per_hour = trips_per_day / 24
        self._first_hour = since // HOUR_MILLISECONDS
        self._until_hour = [0.0]  # rides wanted before the start of each hour since the first
        self._before = 0.0
        self._before = self.wanted_until(since)

    def wanted_until(self, moment: int) -> float:
        """Return how many rides are wanted before the moment, in milliseconds since the epoch."""
        hour, rest = divmod(moment, HOUR_MILLISECONDS)
        index = hour - self._first_hour
        while len(self._until_hour) < index + 2:
            self._extend()
        low, high = self._until_hour[index : index + 2]
        return low + (high - low) * rest / HOUR_MILLISECONDS - self._before

    def moment_of(self, count: float) -> int:
        """Return when so many rides have been wanted, in milliseconds since the epoch."""
        count += self._before
        while self._until_hour[-1] <= count:
            self._extend()
        index = bisect_right(self._until_hour, count) - 1
        low, high = self._until_hour[index], self._until_hour[index + 1]
        return int((self._first_hour + index + (count - low) / (high - low)) * HOUR_MILLISECONDS)

    def _extend(self) -> None:
        hour = self._first_hour + len(self._until_hour) - 1
        self._until_hour.append(self._until_hour[-1] + self._trips_per_hour * SHAPE[hour_of_week(hour, self._zone)])


def hour_of_week(hour: int, zone: ZoneInfo) -> int:
    """Return which local hour of the week, from Monday 00:00, begins so many hours after the epoch."""
    local = datetime.fromtimestamp(hour * 3600, zone)
    return local.weekday() * 24 + local.hour
