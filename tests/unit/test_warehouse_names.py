"""Names and dates get into SQL at one place, which lets nothing else in."""

import re
from datetime import date, timedelta

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from contracts.settings import BigQuerySettings
from warehouse.names import Target, partition_bounds, render

TARGET = Target("tripline", "dev_")
DAYS = st.lists(st.dates(date(2000, 1, 1), date(2099, 12, 31)), min_size=1, max_size=40)
RUNS = st.lists(st.tuples(st.dates(date(2000, 1, 1), date(2099, 1, 1)), st.integers(1, 20)), min_size=1, max_size=5)


def held_by(condition: str, day: date) -> bool:
    """Evaluate a rendered condition by hand."""
    ranges = re.findall(r"BETWEEN DATE '([\d-]+)' AND DATE '([\d-]+)'", condition)
    listed = re.findall(r"IN \((.*?)\)", condition)
    single = re.findall(r"DATE '([\d-]+)'", "".join(listed))
    return day.isoformat() in single or any(start <= day.isoformat() <= end for start, end in ranges)


@given(RUNS)
def test_bounds_hold_for_the_days_and_for_no_other(runs: list[tuple[date, int]]) -> None:
    days = sorted({start + timedelta(days=number) for start, length in runs for number in range(length)})
    condition = partition_bounds("target.service_date", days)
    sqlglot.parse_one(f"SELECT 1 FROM t AS target WHERE {condition}", dialect="bigquery")  # noqa: S608
    around = {day + timedelta(days=shift) for day in days for shift in (-1, 0, 1)}
    assert {day for day in around if held_by(condition, day)} == set(days)


def test_single_days_are_listed_and_runs_are_spans() -> None:
    days = [date(2016, 1, 1), date(2016, 1, 2), date(2016, 1, 3), date(2017, 5, 6)]
    assert partition_bounds("service_date", days) == (
        "(service_date BETWEEN DATE '2016-01-01' AND DATE '2016-01-03' OR service_date IN (DATE '2017-05-06'))"
    )


@given(DAYS)
def test_the_ends_of_the_dates_are_literals(days: list[date]) -> None:
    assert render("{first_date}/{last_date}", TARGET, dates=days) == f"DATE '{min(days)}'/DATE '{max(days)}'"


def test_bounds_without_a_day_are_an_error_and_not_the_whole_table() -> None:
    with pytest.raises(KeyError):
        render("DELETE FROM t WHERE {bounds service_date}", TARGET)


def test_names_become_datasets_behind_the_prefix() -> None:
    sql = render("`{bronze}.a` `{silver}.b` `{gold}.c` `{seed}`", TARGET, tables={"seed": "tripline.dev_bronze.seed"})
    assert sql == "`tripline.dev_bronze.a` `tripline.dev_silver.b` `tripline.dev_gold.c` `tripline.dev_bronze.seed`"


def test_a_placeholder_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        render("SELECT * FROM `{staging_event}`", TARGET)


@pytest.mark.parametrize("name", ["tripline.gold.x`; DROP TABLE y; --", "gold", "tripline..x", "Tripline.gold.x", ""])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="Not a name"):
        render("`{seed}`", TARGET, tables={"seed": name})


def test_two_warehouses_of_one_lake_have_different_keys() -> None:
    settings = BigQuerySettings(project="tripline", dataset_prefix="dev_")
    assert Target.of(settings).key == "tripline.dev_"
    assert Target.of(settings).key != Target.of(settings.model_copy(update={"dataset_prefix": ""})).key


def test_the_time_zone_of_the_city_is_a_literal() -> None:
    settings = BigQuerySettings(time_zone="America/Argentina/Ushuaia")
    assert render("{time_zone}", Target.of(settings)) == "'America/Argentina/Ushuaia'"
    for name in ("UTC' OR '1", "", "America/", "/etc"):
        with pytest.raises(ValueError, match="time zone"):
            render("SELECT 1", TARGET._replace(time_zone=name))
