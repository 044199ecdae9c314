"""Bounds around expected trips: wide enough for the share of hours that they claim, by how far past weeks were off.

Split conformal calibration: weeks that the model had not seen say how many standard deviations of a Poisson count
the share needs, apart for seldom and for busy hours. Where a count is nearly always 0, any width covers it; there,
and where no week can tell, the width is that of the counting noise alone.
"""

from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from warehouse.forecast.history import Weeks

BUSY = (0.1, 1.0, 5.0, 25.0)
"""Expected trips an hour that divide areas and hours into classes, each with a width of its own."""
_SMALLEST = 1e-9


class Predicted(NamedTuple):
    """A past week: what was expected of it before it began, and what came."""

    expected: Weeks
    trips: Weeks


def widths(weeks: Sequence[Predicted], coverage: float) -> NDArray[np.float64]:
    """Return for each class the half width, in standard deviations, that holds `coverage` of those weeks' hours."""
    least = NormalDist().inv_cdf((1 + coverage) / 2)
    found = np.full(len(BUSY) + 1, least)
    if not weeks:
        return found
    expected, trips = (np.concatenate([each[part].ravel() for each in weeks]) for part in (0, 1))
    scores = np.abs(trips - expected) / _deviation(expected)
    classes = np.digitize(expected, BUSY)
    for number in np.unique(classes):
        held = scores[classes == number]
        # The new week's hour is one more of them: that makes it (n + 1) · coverage.
        rank = (len(held) + 1) * coverage / len(held)
        if rank <= 1:
            found[number] = max(least, np.quantile(held, rank, method="higher"))
    return found


def bounds(expected: Weeks, width: NDArray[np.float64]) -> tuple[Weeks, Weeks]:
    """Return lower and upper bounds of trips, never below zero."""
    spread = width[np.digitize(expected, BUSY)] * _deviation(expected)
    return np.maximum(expected - spread, 0.0), expected + spread


def _deviation(expected: Weeks) -> Weeks:
    return np.sqrt(np.maximum(expected, _SMALLEST))
