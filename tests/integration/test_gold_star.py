"""Gold's facts, hours and dimensions: what a correction restates, and how figures are cut."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.support.gold_oracle import key_of
from tests.support.warehouse_site import LIFECYCLE, Site, charged, event, identifier, milliseconds, trip

HOURS = "SELECT * FROM `{gold}.agg_zone_hour` ORDER BY service_date, hour_key, zone_key"
DAYS = "SELECT SUM(completed_trips) AS trips, SUM(revenue) AS revenue FROM `{gold}.daily_trips`"


def test_a_correction_a_year_later_and_a_void_restate_facts_hours_and_dimensions(site: Site) -> None:
    site.land(trip(1) + trip(78))
    site.load_all()
    (before,) = site.query(HOURS)
    assert before == {
        "service_date": date(2016, 3, 5),
        "date_key": 20160305,
        "hour_key": 12,
        "zone_key": 2,
        "trips": 2,
        "completed": 2,
        "cancelled": 0,
        "revenue": Decimal("28.50"),
        "revenue_minor_units": 2850,
    }
    assert site.query(DAYS) == [{"trips": 2, "revenue": Decimal("28.50")}]

    adjusted = charged(1, "fare_adjusted", milliseconds("2017-04-01T08:00:00"), 1000, provider_name="Newer Taxi")
    site.land([adjusted])
    site.load_all()
    site.verify()
    (hour,) = site.query(HOURS)
    assert (hour["revenue"], hour["completed"]) == (Decimal("24.25"), 2)
    (fact,) = site.query("SELECT * FROM `{gold}.fact_trip` WHERE is_restated")
    assert fact["trip_id"] == identifier("trip", 1)
    assert (fact["payment_key"], fact["payment_type"]) == (2, "credit_card")
    assert (fact["revenue"], fact["version"]) == (Decimal(10), 2)
    named = {row["provider_key"]: row["provider_name"] for row in site.tables()["providers"]}
    assert named[key_of(identifier("provider", 1))] == "Newer Taxi"

    site.land([event(1, "trip_voided", milliseconds("2018-04-01T08:00:00"))])
    site.load_all()
    site.verify()
    (hour,) = site.query(HOURS)
    assert (hour["trips"], hour["completed"], hour["revenue"]) == (2, 1, Decimal("14.25"))
    assert site.query(DAYS) == [{"trips": 1, "revenue": Decimal("14.25")}]
    (fact,) = site.query("SELECT * FROM `{gold}.fact_trip` WHERE is_restated")
    assert (fact["outcome"], fact["outcome_key"], fact["version"], fact["revenue"]) == ("voided", 5, 3, 0)
    told = site.query("SELECT event_type, vehicle_key FROM `{gold}.fact_trip_event` WHERE is_late IS FALSE")
    assert {row["event_type"] for row in told} >= {"fare_adjusted", "trip_voided"}
    assert 0 not in {row["vehicle_key"] for row in told}


@pytest.fixture(scope="module")
def told(shared_site: Site) -> Site:
    """The city's clocks change on 6 November; a newer version of a reservation moves it to another hour and area."""
    first, second = milliseconds("2016-11-06T06:30:00"), milliseconds("2016-11-06T07:30:00")
    on_the_day = {"service_date": "2016-11-06"}
    reserved = milliseconds("2016-03-05T18:00:00")
    offsets = (0, 240_900, 200_000, 1_400_100, 1_460_099)
    start = trip(6, "2016-03-07")[0]
    shared_site.land(
        [
            event(1, "reservation_start", first, **on_the_day),
            event(2, "reservation_start", second, **on_the_day),
            event(3, "reservation_start", second + 3_600_000, **on_the_day),
            event(4, "trip_start", second, **on_the_day),
            *(event(5, kind, reserved + offset) for kind, offset in zip(LIFECYCLE, offsets, strict=True)),
            start,
        ]
    )
    shared_site.load_all()
    later = start["timestamp"] + 2 * 3_600_000
    shared_site.land([{**start, "timestamp": later, "publication_time": later, "pickup_area": 32}])
    shared_site.load_all()
    shared_site.verify()
    return shared_site


def facts_of(site: Site) -> dict[str, dict[str, Any]]:
    """Return the facts by trip."""
    return {row["trip_id"]: row for row in site.tables()["facts"]}


def test_an_hour_that_has_no_trips_any_more_is_gone(told: Site) -> None:
    hours = [row for row in told.query(HOURS) if row["service_date"] == date(2016, 3, 7)]
    assert [(row["hour_key"], row["zone_key"]) for row in hours] == [(14, 32)]


def test_hours_are_the_citys_also_when_its_clocks_change(told: Site) -> None:
    """01:30 happens twice on 6 November 2016; a trip that nobody saw reserved has no hour."""
    facts = facts_of(told)
    assert [facts[identifier("trip", number)]["hour_key"] for number in range(1, 5)] == [1, 1, 2, 24]


def test_intervals_are_whole_seconds_and_a_negative_one_is_flagged(told: Site) -> None:
    fact = facts_of(told)[identifier("trip", 5)]
    intervals = [fact[f"{name}_seconds"] for name in ("response", "wait", "ride", "kerb")]
    assert intervals == [240, None, 1200, 59]
    assert fact["has_disordered_times"]
