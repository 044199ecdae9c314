"""The dense past that the forecast learns from."""

from datetime import date, timedelta

import numpy as np

from warehouse.forecast.history import Count, dense

NEWEST = date(2026, 3, 15)
ZONES = (0, 8, 32)


def test_what_has_no_row_had_no_trips() -> None:
    counts = [Count(NEWEST, 17, 8, 5), Count(NEWEST - timedelta(days=13), 0, 32, 2)]
    history = dense(counts, ZONES, NEWEST, maximum_weeks=26)
    assert history.next_day == date(2026, 3, 16)
    assert history.weeks.shape == (2, 7, 24, 3)
    assert (history.weeks[1, 6, 17, 1], history.weeks[0, 0, 0, 2]) == (5, 2)
    assert history.weeks.sum() == 7


def test_only_whole_weeks_count() -> None:
    counts = [Count(NEWEST - timedelta(days=back), 12, 8, 1) for back in range(20)]
    history = dense(counts, ZONES, NEWEST, maximum_weeks=26)
    assert history.weeks.shape[0] == 2
    assert np.array_equal(history.weeks.sum(axis=(2, 3)), np.ones((2, 7)))


def test_the_past_has_an_end_and_the_future_does_not_count() -> None:
    counts = [Count(NEWEST + timedelta(days=day), 12, 8, 1) for day in range(-100, 3)]
    history = dense(counts, ZONES, NEWEST, maximum_weeks=4)
    assert history.weeks.shape[0] == 4
    assert history.weeks.sum() == 28


def test_an_unknown_hour_and_an_unknown_area_are_left_out() -> None:
    counts = [Count(NEWEST - timedelta(days=6), 24, 8, 3), Count(NEWEST, 5, 99, 4), Count(NEWEST, 5, 0, 1)]
    assert dense(counts, ZONES, NEWEST, maximum_weeks=26).weeks.sum() == 1


def test_no_trips_at_all_are_no_weeks() -> None:
    assert len(dense([], ZONES, NEWEST, maximum_weeks=26).weeks) == 0
