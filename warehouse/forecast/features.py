"""What a week is predicted from: a chain of ratios, each of trips seen to trips expected so far.

The first guess spreads the mean over hours and areas; each further one is corrected by how far a coarser or finer cut
of the past (city by hour, area by hour, the newest weeks) was above it. A pseudo-count pulls the ratio of what was
seldom seen towards 1, so that an area with three trips a year gets a small number and no wild one.
"""

from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from warehouse.forecast.history import DAYS, HOURS, Weeks

Features = NDArray[np.float64]
"""One row for each day, hour and area of the week; one column for each logarithm."""

PSEUDO_TRIPS = 8.0
"""Trips that a ratio needs to be half believed."""
RECENT_WEEKS = 4
_SATURDAY = 5

# The axes (day, hour, area) that are added up.
_CITY = (0, 1, 2)
_CITY_BY_HOUR_OF_DAY = (0, 2)
_CITY_BY_HOUR_OF_WEEK = (2,)
_AREA = (0, 1)
_AREA_BY_HOUR_OF_DAY = (0,)
_AREA_BY_HOUR_OF_WEEK = ()


def features(past: Weeks, next_day: date) -> Features:
    """Return the features of the week that starts on `next_day`, from the weeks before it (one at least)."""
    weekend = np.array([(next_day + timedelta(days=day)).weekday() >= _SATURDAY for day in range(DAYS)])
    recent = past[-RECENT_WEEKS:]

    expected = _spread(past)
    expected = expected * _ratio(past, expected, _CITY_BY_HOUR_OF_DAY)
    expected = expected * _ratio_by_kind_of_day(past, expected, _CITY_BY_HOUR_OF_DAY, weekend)
    expected = expected * _ratio(past, expected, _CITY_BY_HOUR_OF_WEEK)
    hour_of_day = _ratio_by_kind_of_day(past, expected, _AREA_BY_HOUR_OF_DAY, weekend)
    hour_of_week = _ratio(past, expected * hour_of_day, _AREA_BY_HOUR_OF_WEEK)
    level = _ratio(recent, expected, _CITY)
    level_of_area = _ratio(recent, expected * level, _AREA)
    columns = (expected, hour_of_day, hour_of_week, level, level_of_area)
    return np.log(np.stack([each.ravel() for each in columns], axis=1))


def _spread(past: Weeks) -> Weeks:
    """Spread the mean week over its hours and the areas, by how much each area travels and regardless of the hour.

    One trip over the whole past is spread over all areas: none is impossible.
    """
    areas = past.sum(axis=(0, 1, 2))
    share = (areas + 1 / len(areas)) / (areas.sum() + 1)
    hourly = max(areas.sum(), 1.0) / (len(past) * DAYS * HOURS)
    return np.broadcast_to(hourly * share, past.shape[1:])


def _ratio(past: Weeks, expected: Weeks, cut: tuple[int, ...]) -> Weeks:
    """Return how far the trips of the past were above the expected ones, when both are added up over axes."""
    seen = past.sum(axis=0).sum(axis=cut, keepdims=True)
    awaited = expected.sum(axis=cut, keepdims=True) * len(past)
    ratio: Weeks = (seen + PSEUDO_TRIPS) / (awaited + PSEUDO_TRIPS)
    return np.broadcast_to(ratio, expected.shape)


def _ratio_by_kind_of_day(past: Weeks, expected: Weeks, cut: tuple[int, ...], weekend: NDArray[np.bool_]) -> Weeks:
    """Return the same for the days of the weekend, and for the others."""
    ratio = np.empty_like(expected)
    for days in (weekend, ~weekend):
        ratio[days] = _ratio(past[:, days], expected[days], cut)
    return ratio
