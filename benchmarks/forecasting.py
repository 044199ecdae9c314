"""Figures and picture of docs/forecast.md: the forecast against simpler ones. `python -m benchmarks.forecasting`.

No times are measured: the same seed and the same files give the same page.
"""

import csv
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import vl_convert
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from benchmarks.report import PICTURES, ROOT, replaced
from contracts.event import TripEvent
from contracts.settings import ProducerSettings, load
from producer.fetch import chicago_trips
from producer.simulate.dirt import CLEAN
from producer.simulate.plan import ZONE, CityPlan
from producer.simulate.stream import emissions
from warehouse.forecast.backtest import CALIBRATION_WEEKS
from warehouse.forecast.bounds import Predicted, bounds, widths
from warehouse.forecast.history import Count, History, Weeks, dense
from warehouse.forecast.model import EXAMPLE_WEEKS, Example, examples, predict

PAGE = ROOT / "docs" / "forecast.md"
FIRST = date(2025, 1, 6)
WEEKS, TRIPS_PER_DAY, SEED, ORIGINS = 12, 1_500, 7, 4
AREAS = range(78)
NEAR_NORTH_SIDE = 8

Contender = Callable[[History, Sequence[Example], int], Weeks]
"""Predicts the week of an example from the history and the examples before it."""


class Figures(NamedTuple):
    """Errors over areas and hours, in trips; the shares of their sum and of days' errors by all trips."""

    mae: float
    rmse: float
    wape: float
    wape_of_days: float


def _naive(history: History, _known: Sequence[Example], week: int) -> Weeks:
    week_before: Weeks = history.weeks[week]
    return week_before


def _mean_of_four_weeks(history: History, _known: Sequence[Example], week: int) -> Weeks:
    mean: Weeks = history.weeks[max(0, week - 3) : week + 1].mean(axis=0)
    return mean


def _poisson_regression(_history: History, known: Sequence[Example], week: int) -> Weeks:
    return predict(known[:week], known[week].features)


def _boosted_trees(_history: History, known: Sequence[Example], week: int) -> Weeks:
    newest = known[max(0, week - EXAMPLE_WEEKS) : week]
    features = np.concatenate([each.features for each in newest])
    trips = np.concatenate([each.trips.ravel() for each in newest])
    model = HistGradientBoostingRegressor(loss="poisson", min_samples_leaf=100, early_stopping=False, random_state=0)
    with threadpool_limits(limits=1):
        model.fit(features, trips)
        return np.asarray(model.predict(known[week].features)).reshape(known[week].trips.shape)


CONTENDERS: Mapping[str, Contender] = {
    "Poisson regression (ours)": _poisson_regression,
    "boosted trees, same features": _boosted_trees,
    "mean of the same hour of four weeks": _mean_of_four_weeks,
    "the same hour a week before": _naive,
}


def simulated() -> History:
    """Return twelve weeks of the simulated city."""
    begin = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=ZONE)
    end = (begin + timedelta(weeks=WEEKS)).timestamp() * 1000
    plan = CityPlan(seed=SEED, start=int(begin.timestamp() * 1000), trips_per_day=TRIPS_PER_DAY)
    decoder = msgspec.json.Decoder(TripEvent)
    trips: Counter[tuple[date, int, int]] = Counter()
    for _, emission in takewhile(lambda each: each[0] < end, emissions(plan, CLEAN)):
        if b'"reservation_start"' in emission.value:
            event = decoder.decode(emission.value)
            local = datetime.fromtimestamp(event.timestamp / 1000, ZONE)
            trips[local.date(), local.hour, event.pickup_area or 0] += 1
    return _history(trips, FIRST + timedelta(days=7 * WEEKS - 1), WEEKS)


def chicago(newest: date) -> History:
    """Return the 26 weeks of the real trips that end with a day."""
    trips: Counter[tuple[date, int, int]] = Counter()
    for path in chicago_trips(load(ProducerSettings)):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                # Seconds since 1970, counted as if Chicago's time were UTC.
                local = datetime.fromtimestamp(float(row["trip_start_timestamp"]), UTC)
                trips[local.date(), local.hour, int(float(row["pickup_community_area"] or 0))] += 1
    return _history(trips, newest, 26)


def compare(history: History) -> dict[str, Figures]:
    """Predict the newest weeks by each contender, each from what was known before the week."""
    known = examples(history)
    origins = range(len(known) - ORIGINS, len(known))
    trips = np.stack([known[week].trips for week in origins])
    return {
        name: _errors(np.stack([contender(history, known, week) for week in origins]), trips)
        for name, contender in CONTENDERS.items()
    }


def draw(history: History, file: Path) -> None:
    """Draw the newest week of the busiest area: what was expected before it began, the bounds, and what came."""
    known = examples(history)
    newest = len(known) - 1
    past = [Predicted(predict(known[:week], known[week].features), known[week].trips) for week in range(1, newest)]
    expected = predict(known[:newest], known[newest].features)
    lower, upper = bounds(expected, widths(past[-CALIBRATION_WEEKS:], 0.9))
    begin = datetime.combine(history.next_day - timedelta(days=7), datetime.min.time())
    hours = zip(
        *(each[:, :, NEAR_NORTH_SIDE].ravel() for each in (expected, lower, upper, known[newest].trips)), strict=True
    )
    values = [
        {
            "hour": f"{begin + timedelta(hours=hour):%Y-%m-%dT%H:%M}",
            **dict(
                zip(("expected", "lower", "upper", "trips"), (round(float(value), 1) for value in row), strict=True)
            ),
        }
        for hour, row in enumerate(hours)
    ]
    file.write_text(vl_convert.vegalite_to_svg(_chart(values)), encoding="utf-8")


def _chart(values: list[dict[str, Any]]) -> dict[str, Any]:
    def layer(mark: dict[str, Any], **y: Any) -> dict[str, Any]:
        return {"mark": mark, "encoding": {"y": {"type": "quantitative", "title": "trips an hour", **y}}}

    band = layer({"type": "area", "color": "#bfdbfe"}, field="lower")
    band["encoding"]["y2"] = {"field": "upper"}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": {
            "text": "Near North Side of the simulated city: a week as it was expected, and as it came",
            "subtitle": "line: expected before the week began; band: where nine hours of ten are to lie; points: trips",
            "anchor": "start",
        },
        "width": 720,
        "height": 200,
        "background": "white",
        "data": {"values": values},
        "encoding": {"x": {"field": "hour", "type": "temporal", "title": None, "axis": {"format": "%a %d %b"}}},
        "layer": [
            band,
            layer({"type": "line", "color": "#2563eb", "strokeWidth": 1.5}, field="expected"),
            layer({"type": "point", "color": "#0f172a", "filled": True, "size": 14}, field="trips"),
        ],
    }


def _history(trips: Mapping[tuple[date, int, int], int], newest: date, weeks: int) -> History:
    return dense((Count(*place, trips=count) for place, count in trips.items()), AREAS, newest, weeks)


def _errors(expected: Weeks, trips: Weeks) -> Figures:
    errors = expected - trips
    days = errors.sum(axis=(2, 3))
    return Figures(
        mae=float(np.abs(errors).mean()),
        rmse=float(np.sqrt((errors**2).mean())),
        wape=float(np.abs(errors).sum() / trips.sum()),
        wape_of_days=float(np.abs(days).sum() / trips.sum()),
    )


def _markdown(figures: Mapping[str, Figures]) -> str:
    rows = [
        f"| {name} | {each.mae:.4f} | {each.rmse:.4f} | {each.wape:.1%} | {each.wape_of_days:.1%} |"
        for name, each in figures.items()
    ]
    return "\n".join(["| forecast | MAE | RMSE | WAPE | WAPE of the city's days |", "|---|---:|---:|---:|---:|", *rows])


def main() -> None:
    """Write the page's tables and its picture."""
    city = simulated()
    page = PAGE.read_text(encoding="utf-8")
    page = replaced(page, "simulated", _markdown(compare(city)))
    page = replaced(page, "chicago_2015", _markdown(compare(chicago(date(2015, 9, 27)))))
    page = replaced(page, "chicago_2016", _markdown(compare(chicago(date(2016, 12, 30)))))
    PAGE.write_text(page, encoding="utf-8")
    draw(city, PICTURES / "forecast.svg")


if __name__ == "__main__":
    main()
