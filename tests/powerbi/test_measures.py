"""The model's real DAX equals SQL on the same gold: measure by measure, over slices, and on every page's preview."""

from datetime import datetime
from typing import Any

import pytest

from powerbi.evaluate import Measures
from powerbi.model import Column, Model, read_model
from powerbi.pbir import Report, Visual, read_report
from powerbi.preview.data import shown
from tests.support.measure_sql import MeasureSql, equal
from tests.support.report_numbers import verify_numbers, visuals_with_numbers
from tests.support.simulated_gold import SimulatedGold

SLICES: dict[str, dict[tuple[str, str], Any]] = {
    "everything": {},
    "a month": {("Date", "Month"): 202603},
    "the month of February": {("Date", "Month"): 202602},
    "the newest month, not over": {("Date", "Month"): 202606},
    "a month to come": {("Date", "Month"): 202608},
    "a year": {("Date", "Year"): 2026},
    "a day": {("Date", "Date"): datetime.fromisoformat("2026-05-31")},
    "a forecast day": {("Date", "Date"): datetime.fromisoformat("2026-06-20")},
    "weekends": {("Date", "Weekend"): True},
    "an hour": {("Hour", "Hour"): "08:00"},
    "an area": {("Pickup Area", "Area"): "Area 08"},
    "a side": {("Pickup Area", "Side"): "Central"},
    "a side to get to": {("Dropoff Area", "Side"): "Central"},
    "a company": {("Provider", "Provider"): "Company 2"},
    "an outcome": {("Outcome", "Outcome"): "Completed"},
    "cancelled": {("Outcome", "Cancelled"): True},
    "a payment": {("Payment", "Payment"): "Credit card"},
    "a side in a month": {("Pickup Area", "Side"): "North Side", ("Date", "Month"): 202604},
    "a payment on a day": {("Payment", "Payment"): "Cash", ("Date", "Date"): datetime.fromisoformat("2026-04-14")},
    "an area, an outcome, a year": {
        ("Pickup Area", "Area"): "Area 01",
        ("Outcome", "Outcome"): "Voided",
        ("Date", "Year"): 2025,
    },
}


@pytest.fixture(scope="module")
def model() -> Model:
    return read_model()


@pytest.fixture(scope="module")
def gold(model: Model) -> SimulatedGold:
    return SimulatedGold([role.name for role in model.roles])


@pytest.fixture(scope="module")
def measures(model: Model, gold: SimulatedGold) -> Measures:
    return Measures(model, gold.read)


@pytest.fixture(scope="module")
def sql(gold: SimulatedGold) -> MeasureSql:
    return MeasureSql(gold)


@pytest.fixture(scope="module")
def report() -> Report:
    return read_report()


def column_of(model: Model, table: str, name: str) -> Column:
    column = model.column(table, name)
    assert column is not None
    return column


def test_every_measure_has_its_sql(model: Model, sql: MeasureSql) -> None:
    assert {measure.name for measure in model.measures()} == sql.known()
    assert len(sql.known()) >= 25


@pytest.mark.parametrize("name", SLICES)
def test_every_measure_equals_sql(name: str, model: Model, measures: Measures, sql: MeasureSql) -> None:
    slice_ = {column_of(model, *key): value for key, value in SLICES[name].items()}
    values = measures.evaluate(model.measures(), {column: [value] for column, value in slice_.items()})
    expected = {each: sql.value(each, slice_) for each in values}
    apart = {each: (value, expected[each]) for each, value in values.items() if not equal(value, expected[each])}
    assert apart == {}


@pytest.mark.parametrize("visual", visuals_with_numbers(read_report()), ids=str)
def test_every_number_on_every_page_equals_sql(visual: Visual, measures: Measures, sql: MeasureSql) -> None:
    assert verify_numbers(visual, measures, sql).rows, "nothing is shown"


def test_no_row_is_lost(measures: Measures, sql: MeasureSql, report: Report) -> None:
    """What a visual shows of trips or revenue adds up to all of it."""
    checked = 0
    for visual in report.visuals():
        made = shown(visual, measures)
        for name in {measure.name for measure in made.measures} & {"Trips", "Revenue", "Restated Trips"}:
            if not visual.only:
                assert sum(row.values[name] or 0 for row in made.rows) == pytest.approx(float(sql.value(name, {})))
                checked += 1
    assert checked >= 10


def test_rows_stand_in_the_order_of_the_visual(measures: Measures, report: Report) -> None:
    named = {visual.title: shown(visual, measures) for visual in report.visuals()}
    sides = [row.values["Trips"] for row in named["Trips by side of the city"].rows]
    assert sides == sorted(sides, reverse=True)
    weekdays = [next(iter(row.slice.values())) for row in named["Trips by day of the week"].rows]
    assert weekdays == ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    stages = [next(iter(row.slice.values())) for row in named["From reservation to fare"].rows]
    assert stages == ["Reserved", "Vehicle at the kerb", "Ride started", "Completed"]


def test_filters_of_visuals_hold(measures: Measures, report: Report) -> None:
    named = {visual.title: shown(visual, measures) for visual in report.visuals()}
    recent = [next(iter(row.slice.values())) for row in named[RECENT].rows]
    assert (min(recent), max(recent)) == (datetime.fromisoformat("2026-05-06"), datetime.fromisoformat("2026-06-24"))
    assert len(named["The twelve busiest community areas"].rows) == 12


RECENT = "Trips a day: the last six weeks and the seven days ahead"


def test_a_role_sees_its_side_only(model: Model, measures: Measures, sql: MeasureSql) -> None:
    """A role's filter is on the side of the pick-up area, and nothing else."""
    for role in model.roles:
        assert role.filters == {"Pickup Area": f"'Pickup Area'[Side] = \"{role.name}\""}
    side = column_of(model, "Pickup Area", "Side")
    seen = [measures.evaluate(model.measures(), {side: [role.name]})["Trips"] for role in model.roles]
    assert sum(seen) == sql.value("Trips", {}) - sql.value("Trips", {side: "Unknown"})
