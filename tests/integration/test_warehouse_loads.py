"""From the lake to gold on the real parts: every figure is what the landed events say, however they came."""

from datetime import date
from decimal import Decimal

import pytest

from contracts.lake import connect
from contracts.schema import EXAMPLES
from contracts.settings import BigQuerySettings
from tests.support.warehouse_site import STEPS, Site, charged, dirty_city, event, identifier, milliseconds, trip
from warehouse import merge, steps
from warehouse.ledger import open_ledger
from warehouse.reconciliation import check_warehouse, require


@pytest.mark.parametrize("window_rows", [500_000, 40])
def test_every_figure_is_what_the_events_say_whatever_the_windows(site: Site, window_rows: int) -> None:
    site.land(dirty_city())
    windows = site.load_all(window_rows)
    assert windows == -(-len(site.messages) // window_rows)
    site.verify()
    counts = site.ledger("landed, accepted, rejected, duplicate_equal + duplicate_different")
    totals = [sum(column) for column in zip(*counts, strict=True)]
    books = site.books()
    assert books.duplicates == 5
    assert totals == [len(site.messages), len(site.messages) - 7, len(books.rejected), books.duplicates]
    assert {row[0] for row in site.ledger("state")} == {"reconciled"}
    assert site.leftovers() == []


def test_windows_of_any_size_leave_the_same_tables(
    site: Site, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One lake, two warehouses: one loaded at once, the other as the events trickle in."""
    city = dirty_city()
    at_once = BigQuerySettings(
        dataset_prefix=f"{site.target.prefix}b_", emulator_url=environment["TRIPLINE_BIGQUERY_EMULATOR_URL"]
    )
    for start in range(0, len(city), 40):
        site.land(city[start : start + 40])
        site.load_all(25)
    tables = site.tables()
    monkeypatch.setenv("TRIPLINE_BIGQUERY_DATASET_PREFIX", at_once.dataset_prefix)
    assert site.load_all() == 1
    site.target = site.target._replace(prefix=at_once.dataset_prefix)
    assert site.tables() == tables


def test_a_second_run_changes_nothing(site: Site) -> None:
    site.land(dirty_city())
    site.load_all()
    tables = site.tables()
    assert steps.plan() == {"load_id": None, "state": None, "offsets": 0}
    assert site.load_all() == 0
    assert site.tables() == tables


def test_every_step_may_be_repeated_at_any_time(site: Site) -> None:
    """As when Mage retries a block, or two runs of the pipeline take turns."""
    site.land(dirty_city())
    load_id = steps.plan()["load_id"]
    done = []
    for step in STEPS:
        done.append(step)
        for repeated in done:
            repeated(load_id)
    site.verify()
    tables = site.tables()
    for step in done:
        assert step(load_id)["state"] == "reconciled"
    assert site.tables() == tables


def test_a_correction_that_comes_a_year_later_restates_its_trip(site: Site) -> None:
    site.land(trip(1) + trip(2))
    site.load_all()
    (before,) = site.query("SELECT SUM(revenue) AS revenue, SUM(trips) AS trips FROM `{gold}.daily_trips`")
    assert before == {"revenue": Decimal("28.50"), "trips": 2}

    site.land([charged(1, "fare_adjusted", milliseconds("2017-04-01T08:00:00"), 1000)])
    site.load_all()
    site.verify()
    (restated,) = site.query("SELECT * FROM `{gold}.fact_trip` WHERE is_restated")
    assert restated["trip_id"] == identifier("trip", 1)
    assert (restated["revenue"], restated["version"], restated["payment_type"]) == (Decimal(10), 2, "credit_card")

    site.land([event(1, "trip_voided", milliseconds("2018-04-01T08:00:00"))])
    site.load_all()
    site.verify()
    (after,) = site.query("SELECT SUM(revenue) AS revenue, SUM(completed_trips) AS trips FROM `{gold}.daily_trips`")
    assert after == {"revenue": Decimal("14.25"), "trips": 1}


def test_the_last_event_may_land_first(site: Site) -> None:
    for message in reversed(trip(1)):
        site.land([message])
        assert site.load_all() == 1
        site.verify()
    (row,) = site.query("SELECT events, outcome FROM `{silver}.trip`")
    assert row == {"events": 5, "outcome": "completed"}


def test_the_newest_version_of_an_event_wins_and_duplicates_are_counted(site: Site) -> None:
    (end,) = trip(1)[4:]
    newer = {**end, "publication_time": end["publication_time"] + 1, "vehicle_id": "newer"}
    older = {**end, "publication_time": end["publication_time"] - 1, "vehicle_id": "older"}
    for versions in ([end, end], [newer], [older, newer]):
        site.land(versions)
        site.load_all()
    (row,) = site.query("SELECT vehicle_id FROM `{silver}.trip_event`")
    assert row == {"vehicle_id": "newer"}
    assert site.ledger("duplicate_equal, duplicate_different") == [(1, 0), (0, 1), (0, 2)]
    site.verify()


def test_of_versions_published_at_one_time_the_highest_coordinates_win(site: Site) -> None:
    """Whichever window they come in: the topic was given more partitions, say, and a trip moved."""
    (end,) = trip(1)[4:]
    for partition, fare in ((2, 700), (0, 800), (1, 900), (1, 1000)):
        charge = {**end["fare"], "tolls": 0, "extras": 0, "tip": 0, "base_fare": fare, "total": fare}
        site.land([{**end, "fare": charge}], partition=partition)
        site.load_all()
        site.verify()
    assert site.query("SELECT total FROM `{silver}.trip`") == [{"total": 700}]


def test_a_window_over_more_days_than_a_job_may_change_goes_in_parts(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merge, "MAXIMUM_PARTITIONS", 2)
    site.land([event for number in range(1, 6) for event in trip(number, f"2016-01-{2 * number:02}")])
    assert site.load_all() == 1
    site.verify()
    (found,) = site.query("SELECT COUNT(DISTINCT service_date) AS days FROM `{gold}.fact_trip`")
    assert found == {"days": 5}


def test_no_trip_depends_on_the_events_of_another(site: Site) -> None:
    """A producer that uses an event id twice, in another trip or on another day, takes nothing from the first trip."""
    site.land(trip(1))
    site.load_all()
    end = trip(1)[4]
    later = end["publication_time"] + 1000
    site.land([{**end, "publication_time": later, "trip_id": identifier("trip", 2)}])
    site.land([{**end, "publication_time": later, "service_date": "2016-03-06"}])
    site.load_all()
    site.verify()
    assert site.query("SELECT COUNT(*) AS trips FROM `{gold}.fact_trip`") == [{"trips": 3}]
    with open_ledger(site.lake, site.target) as ledger, connect(site.lake, application="test") as connection:
        require(check_warehouse(connection, site.bigquery, site.target, ledger), where="test")


def test_every_invalid_example_is_kept_with_its_reason_and_its_place(site: Site) -> None:
    invalid = sorted((EXAMPLES / "invalid").glob("*/*.json"))
    site.land([path.read_text() for path in invalid])
    assert site.load_all() == 1
    rows = site.query("SELECT * FROM `{bronze}.rejected_event`")
    by_place = {(each.partition, each.offset): each for each in site.messages}
    assert len(rows) == len(invalid)
    assert sorted(row["reason"] for row in rows) == sorted(path.parent.name for path in invalid)
    for row in rows:
        assert row["arrived_on"] == row["arrived_at"].date()
        with_spaces = by_place[row["kafka_partition"], row["kafka_offset"]].payload
        assert row["payload"].replace(" ", "")[:1] == with_spaces.lstrip()[:1]
    site.verify()
    assert site.query("SELECT COUNT(*) AS trips FROM `{gold}.fact_trip`") == [{"trips": 0}]


def test_offsets_that_hold_no_event_are_a_window_like_any_other(site: Site) -> None:
    site.land(trip(1))
    site.land([], skip_offsets=10)
    assert site.load_all() == 1
    site.land([], skip_offsets=10)
    assert site.load_all() == 1
    assert [row[0] for row in site.ledger("landed")] == [5, 0]
    site.verify()


def test_dates_are_dense_and_zones_are_seventy_eight(site: Site) -> None:
    site.land(trip(1, "2016-02-29"))
    site.load_all()
    site.land(trip(2, "2014-07-01"))
    site.load_all()
    days = [row["date"] for row in site.query("SELECT date FROM `{gold}.dim_date` ORDER BY date")]
    assert (days[0], days[-1], len(days)) == (date(2014, 1, 1), date(2016, 12, 31), 365 + 365 + 366)
    (leap_day,) = site.query("SELECT * FROM `{gold}.dim_date` WHERE date_key = 20160229")
    assert leap_day == {
        "date_key": 20160229,
        "date": date(2016, 2, 29),
        "year": 2016,
        "quarter": 1,
        "month": 2,
        "month_name": "February",
        "year_month": 201602,
        "day": 29,
        "weekday": 1,
        "weekday_name": "Monday",
        "is_weekend": False,
    }
    (zones,) = site.query(
        "SELECT COUNT(*) AS zones, MIN(zone_key) AS lowest, MAX(zone_key) AS highest FROM `{gold}.dim_zone`"
    )
    assert zones == {"zones": 78, "lowest": 0, "highest": 77}


def test_dirty_trips_are_counted_and_explained(site: Site) -> None:
    site.land(dirty_city())
    site.load_all()
    facts = site.books().facts.values()
    found = {row["rule"]: row for row in site.query("SELECT * FROM `{gold}.dirty_trips`")}
    for rule, row in found.items():
        assert row["trips"] == sum(fact[f"has_{rule}"] for fact in facts)
        assert row["share"] == pytest.approx(row["trips"] / len(facts), abs=0.0001)
        assert row["explanation"]
    flags = {name.removeprefix("has_") for name in next(iter(facts)) if name.startswith("has_")}
    assert found.keys() == flags


def test_currencies_have_their_own_minor_units(site: Site) -> None:
    late = milliseconds("2016-03-05T20:00:00")
    fares = {"JPY": "1500", "KWD": "1.5", "USD": "15"}
    for number, currency in enumerate(fares):
        end = charged(number, "trip_end", late, 1500)
        site.land([{**end, "fare": {**end["fare"], "currency": currency}}])
    site.load_all()
    site.verify()
    rows = site.query("SELECT currency, total FROM `{gold}.fact_trip`")
    assert {row["currency"]: row["total"] for row in rows} == {name: Decimal(amount) for name, amount in fares.items()}
