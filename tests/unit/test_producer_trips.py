"""A row becomes a trip exactly, or is refused by the name of its column."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from contracts.event import Location, PaymentType
from producer.mapping import DurationColumn, NameColumn, TimeColumn, load_mapping
from producer.trips import CellError, Trip, from_local, to_milliseconds, to_trip
from tests.support.chicago_rows import row

CHICAGO = load_mapping("chicago")
ZONE = ZoneInfo("America/Chicago")


def trip(**changes: str) -> Trip:
    return to_trip(row(**changes), CHICAGO, ZONE, key="chicago-taxi-trips/data.csv/1")


def milliseconds(*moment: int) -> int:
    return to_milliseconds(datetime(*moment, tzinfo=UTC))  # type: ignore[arg-type,misc]


def test_a_row_becomes_a_trip_in_the_contracts_units() -> None:
    found = trip()
    assert found.start == milliseconds(2016, 5, 6, 22, 45)  # 17:45 in Chicago's summer
    assert found.service_date == "2016-05-06"
    assert (found.duration, found.distance) == (780, 2575)
    assert (found.fare.base_fare, found.fare.tip, found.fare.total) == (925, 200, 1125)
    assert found.fare.payment_type is PaymentType.CREDIT_CARD
    assert (found.pickup_area, found.dropoff_area) == (8, 32)
    assert found.dropoff == Location(lat=41.880994471, lng=-87.632746489)
    assert (found.provider_name, found.vehicle_id) == ("Flash Cab", None)


def test_what_is_not_there_is_null_and_never_zero() -> None:
    found = trip(company=" ", trip_seconds="", dropoff_community_area="", dropoff_latitude="", dropoff_longitude="")
    assert (found.provider_name, found.duration, found.dropoff_area, found.dropoff) == (None, None, None, None)


@pytest.mark.parametrize(
    ("wall_clock", "moment"),
    [
        ("2016-01-15T12:00", "2016-01-15T18:00Z"),
        ("2016-07-15T12:00", "2016-07-15T17:00Z"),
        ("2016-03-13T01:59", "2016-03-13T07:59Z"),
        # 02:30 did not exist: the offset before the gap makes it 03:30.
        ("2016-03-13T02:30", "2016-03-13T08:30Z"),
        ("2016-03-13T03:30", "2016-03-13T08:30Z"),
        # 01:30 came twice: the first of the two.
        ("2016-11-06T01:30", "2016-11-06T06:30Z"),
        ("2016-11-06T02:00", "2016-11-06T08:00Z"),
    ],
)
def test_local_time_follows_one_rule_through_both_changes_of_the_clock(wall_clock: str, moment: str) -> None:
    local = datetime.fromisoformat(wall_clock)
    assert from_local(local, ZONE) == datetime.fromisoformat(moment)
    assert from_local(local.replace(fold=1), ZONE) == datetime.fromisoformat(moment)


def test_service_date_is_the_local_day() -> None:
    late_evening = int(datetime(2016, 5, 6, 23, 45, tzinfo=UTC).timestamp())
    assert trip(trip_start_timestamp=str(late_evening)).service_date == "2016-05-06"


@pytest.mark.parametrize(
    ("format_", "text"),
    [
        ("epoch_seconds", "1462574700"),
        ("epoch_milliseconds", "1462574700000"),
        ("epoch_seconds_local", "1462556700"),
        ("iso8601", "2016-05-06T17:45:00"),
        ("iso8601", "2016-05-06T22:45:00Z"),
        ("iso8601", "2016-05-07T00:45:00+02:00"),
        ("%m/%d/%Y %I:%M:%S %p", "05/06/2016 05:45:00 PM"),
    ],
)
def test_every_time_format_names_the_same_moment(format_: str, text: str) -> None:
    mapping = structs.replace(CHICAGO, start=TimeColumn("trip_start_timestamp", format_))
    found = to_trip(row(trip_start_timestamp=text), mapping, ZONE, key="1")
    assert found.start == milliseconds(2016, 5, 6, 22, 45)


def test_duration_from_start_to_end_when_the_file_has_no_duration() -> None:
    mapping = structs.replace(CHICAGO, duration=None, end=TimeColumn("trip_seconds", "epoch_seconds_local"))
    assert to_trip(row(trip_seconds="1462557480"), mapping, ZONE, key="1").duration == 780
    with pytest.raises(CellError, match="ends before it starts") as caught:
        to_trip(row(trip_seconds="1462556699"), mapping, ZONE, key="1")
    assert caught.value.column == "trip_seconds"


def test_minutes_and_ids_of_the_file() -> None:
    mapping = structs.replace(
        CHICAGO,
        duration=DurationColumn("trip_seconds", "minutes"),
        trip=NameColumn("company"),
        vehicle=NameColumn("fare"),
    )
    found = to_trip(row(trip_seconds="1.5"), mapping, ZONE, key="row")
    assert (found.duration, found.key, found.vehicle_id) == (90, "chicago-taxi-trips/Flash Cab", "9.25")


@given(st.decimals(0, 5000, places=2), st.decimals(0, 999, places=2))
def test_money_is_exact_to_the_cent(fare: Decimal, tips: Decimal) -> None:
    found = trip(fare=str(fare), tips=str(tips)).fare
    assert Decimal(found.total) == (fare + tips) * 100
    assert found.total == found.base_fare + found.tip


@given(st.decimals(0, 3000, places=2))
def test_miles_can_be_had_back_exactly_from_metres(miles: Decimal) -> None:
    metres = trip(trip_miles=str(miles)).distance
    assert metres is not None
    assert Decimal(str(round(metres / 1609.344, 2))) == miles


@pytest.mark.parametrize(
    ("column", "text", "problem"),
    [
        ("trip_start_timestamp", "", "empty"),
        ("trip_start_timestamp", "yesterday", "epoch_seconds_local"),
        ("trip_start_timestamp", "1e30", "epoch_seconds_local"),
        ("fare", "9.255", "at most 2 decimals"),
        ("fare", "9,25", "not a number"),
        ("tips", "NaN", "not a number"),
        ("tips", "Infinity", "not a number"),
        ("trip_miles", "1e999999999", "not a number"),
        ("trip_miles", "far", "not a number"),
        ("trip_seconds", "13 min", "not a number"),
        ("payment_type", "Barter", "payment type that the mapping lists"),
        ("payment_type", "", "payment type that the mapping lists"),
        ("pickup_community_area", "8.5", "whole number"),
        ("pickup_latitude", "41°", "not a number"),
        ("company", "Flash\x00Cab", "control characters"),
        ("company", "Caf\udce9", "UTF-8"),
    ],
)
def test_a_bad_cell_is_named_by_its_column(column: str, text: str, problem: str) -> None:
    with pytest.raises(CellError, match=problem) as caught:
        trip(**{column: text})
    assert caught.value.column == column


def test_a_long_bad_value_is_shown_short() -> None:
    with pytest.raises(CellError) as caught:
        trip(fare="x" * 10_000)
    assert len(str(caught.value)) < 120
