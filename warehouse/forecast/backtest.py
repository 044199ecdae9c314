"""How good the forecast is: newest weeks predicted from the weeks before them, beside the seasonal naive forecast."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np

from warehouse.forecast.bounds import BUSY, Predicted, bounds, widths
from warehouse.forecast.features import features
from warehouse.forecast.history import DAYS, History, Weeks
from warehouse.forecast.model import examples, predict

CALIBRATION_WEEKS = 4


class Score(NamedTuple):
    """Errors over all areas and hours of a week; `naive_…` of the same hour a week before.

    `mae` and `rmse` are in trips an hour and area, `wape` is the sum of errors by the sum of trips. `coverage` is the
    share of hours within the bounds, `coverage_busy` that of the hours with one expected trip or more.
    """

    first_day: date
    trips: int
    mae: float
    naive_mae: float
    wape: float
    naive_wape: float
    rmse: float
    naive_rmse: float
    coverage: float
    coverage_busy: float | None


class Outlook(NamedTuple):
    """The coming week with its bounds, and how the newest weeks would have been predicted."""

    expected: Weeks
    lower: Weeks
    upper: Weeks
    scores: list[Score]


def look_ahead(history: History, coverage: float, weeks: int) -> Outlook:
    """Return the forecast of the week after the history, and the scores of the newest `weeks` (fewer if there are)."""
    known = examples(history)
    upcoming = predict(known, features(history.weeks, history.next_day))
    first = max(1, len(known) - weeks - CALIBRATION_WEEKS)
    past = [
        Predicted(predict(known[:week], known[week].features), known[week].trips) for week in range(first, len(known))
    ]
    lower, upper = bounds(upcoming, widths(past[-CALIBRATION_WEEKS:], coverage))
    scores = []
    for place in range(max(0, len(past) - weeks), len(past)):
        back = len(past) - place
        within = bounds(past[place].expected, widths(past[max(0, place - CALIBRATION_WEEKS) : place], coverage))
        begins = history.next_day - timedelta(days=DAYS * back)
        scores.append(_score(begins, past[place], history.weeks[-back - 1], *within))
    return Outlook(upcoming, lower, upper, scores)


def mean(scores: Sequence[Score]) -> dict[str, float | None]:
    """Return the mean of each figure over weeks, None where no week has it."""
    figures: dict[str, float | None] = {}
    for name in Score._fields[2:]:
        known = [getattr(each, name) for each in scores if getattr(each, name) is not None]
        figures[name] = round(sum(known) / len(known), 4) if known else None
    return figures


def _score(first_day: date, week: Predicted, naive: Weeks, lower: Weeks, upper: Weeks) -> Score:
    error, naive_error = np.abs(week.expected - week.trips), np.abs(naive - week.trips)
    inside = (lower <= week.trips) & (week.trips <= upper)
    busy = week.expected >= BUSY[1]
    total = max(float(week.trips.sum()), 1.0)
    return Score(
        first_day=first_day,
        trips=int(week.trips.sum()),
        mae=float(error.mean()),
        naive_mae=float(naive_error.mean()),
        wape=float(error.sum() / total),
        naive_wape=float(naive_error.sum() / total),
        rmse=float(np.sqrt((error**2).mean())),
        naive_rmse=float(np.sqrt((naive_error**2).mean())),
        coverage=float(inside.mean()),
        coverage_busy=float(inside[busy].mean()) if busy.any() else None,
    )
