"""The model on cities whose demand is known, from a desert to a metropolis."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import default_rng

from tests.support.simulated_demand import city, rates
from warehouse.forecast.backtest import Outlook, look_ahead
from warehouse.forecast.bounds import BUSY, Predicted, bounds, widths
from warehouse.forecast.history import History


def ahead(history: History, coverage: float = 0.9, weeks: int = 4) -> Outlook:
    return look_ahead(history, coverage, weeks)


def test_it_finds_the_rates_that_trips_were_drawn_from() -> None:
    week = rates(20_000)
    expected = ahead(city(default_rng(1), week, 12)).expected
    busy = week > 10
    assert np.abs(expected / week - 1)[busy].mean() < 0.06
    assert expected.sum() == pytest.approx(week.sum(), rel=0.02)


def test_an_area_keeps_its_own_hours() -> None:
    expected = ahead(city(default_rng(2), rates(20_000), 12)).expected.sum(axis=0)
    assert expected[:12, 1].sum() > 2 * expected[12:, 1].sum()
    assert expected[12:, 0].sum() > 2 * expected[:12, 0].sum()


def test_it_follows_a_city_that_grows() -> None:
    week = rates(5_000)
    growing = city(default_rng(3), week, 16, growth=1.05)
    expected = ahead(growing).expected.sum()
    assert expected > 1.1 * growing.weeks.mean(axis=0).sum()
    assert expected == pytest.approx(5_000 * 1.05**16, rel=0.12)


def test_a_city_of_fifteen_trips_a_week_gets_small_numbers_that_add_up() -> None:
    """The demo's real trips: 77 areas, hardly two trips a day between them."""
    outlook = ahead(city(default_rng(4), rates(15, areas=77), 26))
    assert outlook.expected.sum() == pytest.approx(15, rel=0.35)
    assert outlook.expected.min() > 0
    assert outlook.expected.max() < 0.5
    assert outlook.upper.max() < 2


@pytest.mark.parametrize("weeks", [2, 3, 4])
def test_a_young_city_gets_a_forecast_too(weeks: int) -> None:
    outlook = ahead(city(default_rng(5), rates(2_000), weeks))
    assert outlook.expected.sum() == pytest.approx(2_000, rel=0.1)
    assert len(outlook.scores) == weeks - 2


def test_the_same_past_gives_the_same_bytes() -> None:
    history = city(default_rng(6), rates(500), 8)
    one, other = ahead(history), ahead(history)
    assert one.expected.tobytes() == other.expected.tobytes()
    assert one.upper.tobytes() == other.upper.tobytes()


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    weeks=st.integers(2, 6),
    areas=st.integers(2, 5),
    trips=st.sampled_from([0.0, 0.3, 2.0, 40.0, 3e5]),
)
def test_bounds_are_finite_ordered_and_never_negative(seed: int, weeks: int, areas: int, trips: float) -> None:
    outlook = ahead(city(default_rng(seed), rates(trips, areas) if trips else np.zeros((7, 24, areas)), weeks))
    for each in (outlook.expected, outlook.lower, outlook.upper):
        assert np.isfinite(each).all()
    assert (outlook.lower >= 0).all()
    assert (outlook.lower <= outlook.expected).all()
    assert (outlook.expected <= outlook.upper).all()
    assert all(0 <= each.coverage <= 1 for each in outlook.scores)


def test_without_a_week_to_calibrate_on_the_bounds_are_those_of_a_poisson_count() -> None:
    width = widths([], coverage=0.9)
    lower, upper = bounds(np.array([100.0]), width)
    assert (lower[0], upper[0]) == (pytest.approx(100 - 16.45, abs=0.01), pytest.approx(100 + 16.45, abs=0.01))


def test_each_class_has_the_width_that_its_own_hours_needed() -> None:
    quiet, busy = np.full(1_000, 4.0), np.full(1_000, 100.0)
    errors = np.linspace(0, 100, 1_000)
    week = Predicted(np.concatenate([quiet, busy]), np.concatenate([quiet, busy + errors]))
    width = widths([week], coverage=0.8)
    least = widths([], coverage=0.8)[0]
    assert width[np.digitize(100.0, BUSY)] == pytest.approx(8.0, abs=0.05)
    assert width[np.digitize(4.0, BUSY)] == least
