"""When a check is red, by its figures alone."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ExitCode, UnhealthyError
from contracts.settings import QualitySettings
from warehouse.day_books import SERVICE, Pair, compare, difference
from warehouse.quality import Finding, Kind, Status, judge_age, judge_none, judge_shares, judge_volume, require_healthy

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SETTINGS = QualitySettings()
FIRST, THEN = date(2026, 3, 1), date(2026, 3, 2)


def test_a_fault_is_red_from_the_first() -> None:
    assert [each.status for each in judge_none(Kind.BOOKS, {"a": 0, "b": 1}, "")] == [Status.GREEN, Status.RED]


@pytest.mark.parametrize(
    ("trips", "outside", "status"),
    [
        (2, 2, Status.GREEN),
        (100, 5, Status.GREEN),
        (100, 6, Status.RED),
        (1000, 50, Status.GREEN),
        (1000, 51, Status.RED),
    ],
)
def test_a_range_bears_a_few_and_a_share(trips: int, outside: int, status: Status) -> None:
    (finding,) = judge_shares({"trips": trips, "distance": outside}, 0.05)
    assert finding.status is status


@pytest.mark.parametrize(
    ("age", "limit", "status"),
    [(60, 1, Status.GREEN), (61, 1, Status.RED), (10**9, 0, Status.REPORTED), (-5, 1, Status.GREEN)],
)
def test_an_age_is_red_after_its_limit_if_it_has_one(age: int, limit: float, status: Status) -> None:
    finding = judge_age("a", NOW - timedelta(seconds=age), NOW, limit, "")
    assert (finding.status, finding.observed) == (status, age)


def test_nothing_has_no_age() -> None:
    assert judge_age("a", None, NOW, 1, "").status is Status.SILENT


@pytest.mark.parametrize(
    ("observed", "history", "status"),
    [
        (100, [100, 90, 110], Status.GREEN),
        (151, [100, 90, 110], Status.RED),
        (49, [100, 90, 110], Status.RED),
        (0, [100, 90], Status.SILENT),
        (0, [19, 19, 19], Status.SILENT),
        (0, [20, 20, 20], Status.RED),
        # One holiday among the weeks does not move the median.
        (100, [100, 100, 100, 100, 3], Status.GREEN),
        # Weeks that differ much bear much.
        (190, [100, 40, 160, 70, 130], Status.GREEN),
    ],
)
def test_an_hour_is_judged_by_the_median_of_its_weeks(observed: int, history: list[int], status: Status) -> None:
    assert judge_volume("hour", observed, history, SETTINGS).status is status


@given(st.lists(st.integers(20, 10_000), min_size=3, max_size=9))
def test_an_hour_like_its_median_is_never_red(history: list[int]) -> None:
    finding = judge_volume("hour", sorted(history)[len(history) // 2], history, SETTINGS)
    assert finding.lower is not None
    assert finding.lower >= 0
    if len(history) % 2:
        assert finding.status is Status.GREEN


def test_days_that_cancel_each_other_out_are_apart() -> None:
    pair = Pair("trips", "a", "one", "b", "other")
    (found,) = compare([pair], [{"day": FIRST, "one": 2, "other": 3}, {"day": THEN, "one": 3, "other": 2}], "day")
    assert (found.source_value, found.target_value, found.apart, found.days) == (5, 5, 2, [FIRST, THEN])
    assert difference([pair], {"one": 2, "other": 5}) == 3


def test_the_pairs_of_a_service_date_have_names_of_their_own() -> None:
    assert len({pair.name for pair in SERVICE}) == len(SERVICE)


def test_what_is_red_is_named_with_its_own_exit_code() -> None:
    require_healthy([], where="")
    with pytest.raises(UnhealthyError, match="2 checks of data quality are red: a; b") as raised:
        require_healthy(["a", "b"], where="x")
    assert int(raised.value.exit_code) == int(ExitCode.UNHEALTHY)


def test_a_finding_is_named_among_all_kinds() -> None:
    assert Finding(Kind.BOOKS, "windows", Status.GREEN, 0).check_name == "books: windows"
