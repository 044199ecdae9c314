"""The model: Poisson regression (scikit-learn) of a week's trips on the features of the weeks before it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

import numpy as np
from sklearn.linear_model import PoissonRegressor
from threadpoolctl import threadpool_limits

from warehouse.forecast.features import Features, features
from warehouse.forecast.history import DAYS, History, Weeks

MINIMUM_WEEKS = 2
"""One to look back on, one to learn from."""
EXAMPLE_WEEKS = 8
"""Newest weeks to learn from; older ones are looked back on only."""
_PENALTY = 1e-4


class Example(NamedTuple):
    """A week, and what could be known before it began."""

    features: Features
    trips: Weeks


def examples(history: History) -> list[Example]:
    """Return an example for each week that has one before it, oldest first."""
    weeks = history.weeks
    begins = [history.next_day - timedelta(days=DAYS * (len(weeks) - number)) for number in range(len(weeks))]
    return [Example(features(weeks[:week], begins[week]), weeks[week]) for week in range(1, len(weeks))]


def predict(learned_from: Sequence[Example], upcoming: Features) -> Weeks:
    """Return the expected trips of the week with these features; learns from the newest examples only.

    The same examples give the same numbers: nothing is drawn at random.
    """
    newest = learned_from[-EXAMPLE_WEEKS:]
    shape = newest[-1].trips.shape
    known = np.concatenate([each.features for each in newest])
    trips = np.concatenate([each.trips.ravel() for each in newest])
    if not trips.any():
        # Nobody rode for weeks; a rate of zero has no logarithm.
        return np.zeros(shape)
    centre = known.mean(axis=0)
    model = PoissonRegressor(alpha=_PENALTY, solver="newton-cholesky")
    # One thread adds up in the same order on every machine, and at this size is the fastest.
    with threadpool_limits(limits=1):
        model.fit(known - centre, trips)
        return np.asarray(model.predict(upcoming - centre), dtype=np.float64).reshape(shape)
