"""From the lake to gold on the real parts: every figure is what the landed events say, however they came."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from contracts.lake import connect
from contracts.schema import EXAMPLES
from tests.support.warehouse_site import STEPS, Site, charged, dirty_city, identifier, milliseconds, trip
from warehouse import merge, steps
from warehouse.ledger import open_ledger
from warehouse.reconciliation import check_warehouse, require

# What 1500 minor units are.
FARES = {"JPY": "1500", "KWD": "1.5", "USD": "15"}


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


def test_the_last_events_may_land_first(site: Site) -> None:
    """Of four trips the last one, two, three and four events; then what came before."""
    trips = {last: trip(last) for last in range(1, 5)}
    for part in ([events[-last:] for last, events in trips.items()], [each[:-last] for last, each in trips.items()]):
        site.land([each for events in part for each in events])
        assert site.load_all() == 1
        site.verify()
    rows = site.query("SELECT events, outcome FROM `{silver}.trip`")
    assert rows == [{"events": 5, "outcome": "completed"}] * 4


def test_the_newest_version_of_an_event_wins_and_then_the_highest_coordinates(site: Site) -> None:
    """Whichever window they come in: the topic was given more partitions, say, and a trip moved."""
    end, other = trip(1)[4], trip(2)[4]
    newer = {**end, "publication_time": end["publication_time"] + 1, "vehicle_id": "newer"}
    older = {**end, "publication_time": end["publication_time"] - 1, "vehicle_id": "older"}

    def at_one_time(total: int) -> dict[str, Any]:
        charge = {**other["fare"], "tolls": 0, "extras": 0, "tip": 0, "base_fare": total, "total": total}
        return {**other, "fare": charge}

    for versions, moved in (
        ([end, end], {2: [at_one_time(700)]}),
        ([newer], {0: [at_one_time(800)]}),
        ([older, newer], {1: [at_one_time(900), at_one_time(1000)]}),
    ):
        site.land(versions)
        for partition, events in moved.items():
            site.land(events, partition=partition)
        assert site.load_all() == 1
        site.verify()
    rows = site.query("SELECT vehicle_id, total FROM `{silver}.trip` ORDER BY total")
    assert [(row["vehicle_id"], row["total"]) for row in rows] == [("2", 700), ("newer", 1425)]
    assert site.ledger("duplicate_equal, duplicate_different") == [(1, 0), (0, 2), (0, 4)]


def test_a_window_over_more_days_than_a_job_may_change_goes_in_parts(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merge, "MAXIMUM_PARTITIONS", 2)
    site.land([event for number in range(1, 4) for event in trip(number, f"2016-01-{2 * number:02}")])
    assert site.load_all() == 1
    site.verify()
    (found,) = site.query("SELECT COUNT(DISTINCT service_date) AS days FROM `{gold}.fact_trip`")
    assert found == {"days": 3}


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


@pytest.fixture(scope="module")
def years(shared_site: Site) -> Site:
    """Trips of two years and of three currencies, and between them a window of offsets that hold no event."""
    late = milliseconds("2016-03-05T20:00:00")
    fares = [(charged(number, "trip_end", late, 1500), currency) for number, currency in enumerate(FARES, 10)]
    shared_site.land(trip(1, "2016-02-29"))
    shared_site.land([], skip_offsets=10)
    shared_site.land([{**end, "fare": {**end["fare"], "currency": currency}} for end, currency in fares])
    assert shared_site.load_all() == 1
    shared_site.land([], skip_offsets=10)
    assert shared_site.load_all() == 1
    shared_site.land(trip(2, "2014-07-01"))
    assert shared_site.load_all() == 1
    return shared_site


def test_offsets_that_hold_no_event_are_a_window_like_any_other(years: Site) -> None:
    assert [row[0] for row in years.ledger("landed")] == [8, 0, 5]
    years.verify()


def test_dates_are_dense_and_zones_are_seventy_eight(years: Site) -> None:
    days = [row["date"] for row in years.query("SELECT date FROM `{gold}.dim_date` ORDER BY date")]
    assert (days[0], days[-1], len(days)) == (date(2014, 1, 1), date(2016, 12, 31), 365 + 365 + 366)
    (leap_day,) = years.query("SELECT * FROM `{gold}.dim_date` WHERE date_key = 20160229")
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
    (zones,) = years.query(
        "SELECT COUNT(*) AS zones, MIN(zone_key) AS lowest, MAX(zone_key) AS highest FROM `{gold}.dim_zone`"
    )
    assert zones == {"zones": 78, "lowest": 0, "highest": 77}


def test_currencies_have_their_own_minor_units(years: Site) -> None:
    rows = years.query("SELECT currency, total FROM `{gold}.fact_trip` WHERE service_date = DATE '2016-03-05'")
    assert {row["currency"]: row["total"] for row in rows} == {name: Decimal(amount) for name, amount in FARES.items()}
