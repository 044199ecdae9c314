"""Gold's facts, hours and dimensions: what a correction restates, and how figures are cut."""

# ruff: noqa: S608 - the statements are made of the SQL's own names

from datetime import date
from decimal import Decimal

from tests.support.gold_oracle import key_of
from tests.support.warehouse_site import Site, charged, dirty_city, event, identifier, milliseconds, trip
from warehouse.lineage import read_tables

NOT_FROM_TRIPS = ("forecast_", "health_")
HOURS = "SELECT * FROM `{gold}.agg_zone_hour` ORDER BY service_date, hour_key, zone_key"


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

    adjusted = charged(1, "fare_adjusted", milliseconds("2017-04-01T08:00:00"), 1000, provider_name="Newer Taxi")
    site.land([adjusted])
    site.load_all()
    site.verify()
    (hour,) = site.query(HOURS)
    assert (hour["revenue"], hour["completed"]) == (Decimal("24.25"), 2)
    (fact,) = site.query("SELECT * FROM `{gold}.fact_trip` WHERE is_restated")
    assert fact["payment_key"] == 2
    named = {row["provider_key"]: row["provider_name"] for row in site.tables()["providers"]}
    assert named[key_of(identifier("provider", 1))] == "Newer Taxi"

    site.land([event(1, "trip_voided", milliseconds("2018-04-01T08:00:00"))])
    site.load_all()
    site.verify()
    (hour,) = site.query(HOURS)
    assert (hour["trips"], hour["completed"], hour["revenue"]) == (2, 1, Decimal("14.25"))
    (fact,) = site.query("SELECT * FROM `{gold}.fact_trip` WHERE is_restated")
    assert (fact["outcome"], fact["outcome_key"], fact["version"], fact["revenue"]) == ("voided", 5, 3, 0)
    told = site.query("SELECT event_type, vehicle_key FROM `{gold}.fact_trip_event` WHERE is_late IS FALSE")
    assert {row["event_type"] for row in told} >= {"fare_adjusted", "trip_voided"}
    assert 0 not in {row["vehicle_key"] for row in told}


def test_an_hour_that_has_no_trips_any_more_is_gone(site: Site) -> None:
    """A newer version of a reservation moves the trip to another hour and area."""
    (start,) = trip(1)[:1]
    site.land([start])
    site.load_all()
    later = start["timestamp"] + 2 * 3_600_000
    site.land([{**start, "timestamp": later, "publication_time": later, "pickup_area": 32}])
    site.load_all()
    site.verify()
    assert [(row["hour_key"], row["zone_key"]) for row in site.query(HOURS)] == [(14, 32)]


def test_hours_are_the_citys_also_when_its_clocks_change(site: Site) -> None:
    """01:30 happens twice on 6 November 2016; a trip that nobody saw reserved has no hour."""
    first, second = milliseconds("2016-11-06T06:30:00"), milliseconds("2016-11-06T07:30:00")
    on_the_day = {"service_date": "2016-11-06"}
    site.land(
        [
            event(1, "reservation_start", first, **on_the_day),
            event(2, "reservation_start", second, **on_the_day),
            event(3, "reservation_start", second + 3_600_000, **on_the_day),
            event(4, "trip_start", second, **on_the_day),
        ]
    )
    site.load_all()
    site.verify()
    hours = {row["trip_id"]: row["hour_key"] for row in site.tables()["facts"]}
    assert [hours[identifier("trip", number)] for number in range(1, 5)] == [1, 1, 2, 24]


def test_intervals_are_whole_seconds_and_a_negative_one_is_flagged(site: Site) -> None:
    reserved = milliseconds("2016-03-05T18:00:00")
    offsets = (0, 240_900, 200_000, 1_400_100, 1_460_099)
    kinds = ("reservation_start", "reservation_stop", "trip_start", "trip_stop", "trip_end")
    site.land([event(1, kind, reserved + offset) for kind, offset in zip(kinds, offsets, strict=True)])
    site.load_all()
    site.verify()
    (fact,) = site.tables()["facts"]
    intervals = [fact[f"{name}_seconds"] for name in ("response", "wait", "ride", "kerb")]
    assert intervals == [240, None, 1200, 59]
    assert fact["has_disordered_times"]


def test_what_the_data_model_calls_a_key_identifies_a_row(site: Site) -> None:
    site.land(dirty_city())
    site.load_all(60)
    for table in read_tables():
        if table.key:
            dataset, _, name = table.name.partition(".")
            keys = f"SELECT DISTINCT {', '.join(table.key)} FROM `{{{dataset}}}.{name}`"
            counted = f"SELECT (SELECT COUNT(*) FROM ({keys})) AS rows_by_key, COUNT(*) AS rows_in_all"
            (row,) = site.query(f"{counted} FROM `{{{dataset}}}.{name}`")
            assert row["rows_by_key"] == row["rows_in_all"], table.name
            assert row["rows_in_all"] or name.startswith(NOT_FROM_TRIPS), table.name


def test_every_key_finds_its_row(site: Site) -> None:
    site.land(dirty_city())
    site.load_all(60)
    tables = site.tables()
    keys = {
        "date_key": {row["date_key"] for row in tables["dates"]},
        "hour_key": {row["hour_key"] for row in tables["hours of the day"]},
        "pickup_zone_key": {row["zone_key"] for row in tables["zones"]},
        "dropoff_zone_key": {row["zone_key"] for row in tables["zones"]},
        "zone_key": {row["zone_key"] for row in tables["zones"]},
        "provider_key": {row["provider_key"] for row in tables["providers"]},
        "vehicle_key": {row["vehicle_key"] for row in tables["vehicles"]},
        "payment_key": {row["payment_key"] for row in tables["payments"]},
        "outcome_key": {row["outcome_key"] for row in tables["outcomes"]},
    }
    assert all(0 <= key < 2**53 for known in keys.values() for key in known)
    for fact in ("facts", "fact events", "zone hours"):
        for row in tables[fact]:
            for name in keys.keys() & row.keys():
                assert row[name] in keys[name], (fact, name)
