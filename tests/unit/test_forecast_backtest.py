"""Past weeks predicted as if they were to come: better than a week before, within bounds that hold what they claim."""

from datetime import date, timedelta

import numpy as np
import pytest
from numpy.random import default_rng

from tests.support.simulated_demand import city, demand, rates
from warehouse.forecast.backtest import Score, look_ahead, mean
from warehouse.forecast.history import History, dense

FIRST, WEEKS, TRIPS_PER_DAY = date(2025, 1, 6), 9, 300
ORIGINS = 4


@pytest.fixture(scope="module")
def simulated() -> History:
    """The simulated city."""
    days = WEEKS * 7
    counts = demand(11, FIRST, days, TRIPS_PER_DAY)
    return dense(counts, range(78), FIRST + timedelta(days=days - 1), maximum_weeks=26)


@pytest.fixture(scope="module")
def scores(simulated: History) -> list[Score]:
    return look_ahead(simulated, 0.9, ORIGINS).scores


def test_the_simulated_city_has_days_weeks_and_noise(simulated: History) -> None:
    assert simulated.weeks.shape == (WEEKS, 7, 24, 78)
    city_hours = simulated.weeks.sum(axis=3).mean(axis=0)
    assert city_hours.max() > 4 * city_hours.min(), "hours of the day differ"
    nights = city_hours[:, :4].sum(axis=1)
    assert nights[5:].min() > 1.5 * nights[:5].max(), "and weekends have nights of their own"
    means, variances = simulated.weeks.mean(axis=0), simulated.weeks.var(axis=0, ddof=1)
    known = means > 0.5
    assert 0.6 < (variances[known] / means[known]).mean() < 1.4, "an area's hour is about as noisy as a Poisson count"


def test_it_beats_the_same_hour_a_week_before_at_every_origin(scores: list[Score]) -> None:
    assert [each.first_day for each in scores] == [
        FIRST + timedelta(days=7 * week) for week in range(WEEKS - ORIGINS, WEEKS)
    ]
    for each in scores:
        assert each.mae < 0.87 * each.naive_mae, each
        assert each.wape < 0.87 * each.naive_wape, each
        assert each.rmse < 0.78 * each.naive_rmse, each


def test_the_bounds_hold_what_they_claim(scores: list[Score]) -> None:
    figures = mean(scores)
    assert figures["coverage"] is not None
    assert figures["coverage_busy"] is not None
    assert 0.9 <= figures["coverage"] < 0.99, "where hardly anybody rides, any bounds hold"
    assert 0.88 < figures["coverage_busy"] < 0.96


@pytest.mark.parametrize("coverage", [0.8, 0.9])
@pytest.mark.parametrize("noise", [0.0, 0.25])
def test_bounds_widen_with_the_weather(noise: float, coverage: float) -> None:
    """Days that are above or below all others make errors larger than a Poisson count's; past errors tell."""
    history = city(default_rng(7), rates(30_000), 14, noise=noise)
    figures = mean(look_ahead(history, coverage, 5).scores)
    assert figures["coverage_busy"] == pytest.approx(coverage, abs=0.05)


def test_a_past_week_is_predicted_from_the_weeks_before_it_alone(simulated: History) -> None:
    then = History(simulated.next_day - timedelta(days=7), simulated.zones, simulated.weeks[:-1])
    known_then = look_ahead(then, 0.9, 1)
    error = np.abs(known_then.expected - simulated.weeks[-1]).mean()
    inside = (known_then.lower <= simulated.weeks[-1]) & (simulated.weeks[-1] <= known_then.upper)
    (newest,) = look_ahead(simulated, 0.9, 1).scores
    assert newest.mae == pytest.approx(error, rel=1e-12)
    assert newest.coverage == inside.mean()
