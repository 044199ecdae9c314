"""Versions of vehicles: the same in whatever order trips come, and every trip carries the one that holds."""

import random
from collections.abc import Sequence
from typing import Any

import pytest

from tests.support.gold_oracle import key_of
from tests.support.warehouse_site import Site, event, identifier, milliseconds, trip
from warehouse import publish as publishing
from warehouse import steps

RED, BLUE = identifier("provider", "red"), identifier("provider", "blue")
CAB = "1729 TX"


def ride(number: int, day: str, provider: str, vehicle: str = CAB) -> list[dict[str, Any]]:
    """Return a completed trip of the vehicle for a company."""
    return trip(number, day, provider_id=provider, vehicle_id=vehicle, provider_name=provider[:4])


# Driven for red, then for blue, then for red again.
RIDES = [
    ride(1, "2016-03-01", RED),
    ride(2, "2016-03-02", RED),
    ride(3, "2016-03-05", BLUE),
    ride(4, "2016-03-05", BLUE),
    ride(5, "2016-04-01", RED),
    ride(6, "2017-01-01", RED),
]
FIRST_RED, ONLY_BLUE, SECOND_RED = (key_of(f"{CAB}/{provider}") for provider in (f"{RED}/1", f"{BLUE}/1", f"{RED}/2"))


def carried(site: Site) -> list[int]:
    """Return the version that each ride carries, in fact_trip and in all its events alike."""
    rows = site.query(
        "SELECT fact.trip_id, fact.vehicle_key, COUNT(*) AS events FROM `{gold}.fact_trip` AS fact "
        "JOIN `{gold}.fact_trip_event` AS told ON told.trip_id = fact.trip_id AND told.vehicle_key = fact.vehicle_key "
        "GROUP BY fact.trip_id, fact.vehicle_key"
    )
    assert {row["events"] for row in rows} == {5}
    keys = {row["trip_id"]: row["vehicle_key"] for row in rows}
    return [keys[identifier("trip", number)] for number in range(1, len(rows) + 1)]


@pytest.mark.parametrize("windows", [((5, 4), (3, 2), (1, 0)), ((0, 5), (1, 4), (2, 3))])
def test_a_vehicle_that_comes_back_to_a_company_has_three_versions(
    site: Site, windows: Sequence[Sequence[int]]
) -> None:
    for window in windows:
        for position in window:
            site.land(RIDES[position])
        site.load_all()
    site.verify()
    versions = site.query("SELECT * FROM `{gold}.dim_vehicle` WHERE version > 0 ORDER BY version")
    assert [row["vehicle_key"] for row in versions] == [FIRST_RED, ONLY_BLUE, SECOND_RED]
    assert [f"{row['valid_from']:%Y-%m-%d}" for row in versions] == ["2016-03-01", "2016-03-05", "2016-04-01"]
    assert [row["valid_to"] for row in versions] == [versions[1]["valid_from"], versions[2]["valid_from"], None]
    assert [row["is_current"] for row in versions] == [False, False, True]
    assert carried(site) == [FIRST_RED, FIRST_RED, ONLY_BLUE, ONLY_BLUE, SECOND_RED, SECOND_RED]


def test_a_trip_found_later_restates_trips_of_other_days_and_nothing_else(site: Site) -> None:
    for position in (0, 1, 4, 5):
        site.land(RIDES[position])
    site.load_all()
    before = {row["trip_id"]: row for row in site.tables()["facts"]}
    assert {row["vehicle_key"] for row in before.values()} == {FIRST_RED}

    site.land(RIDES[2])
    site.load_all()
    site.verify()
    after = {row["trip_id"]: row for row in site.tables()["facts"]}
    for number, expected in {1: FIRST_RED, 2: FIRST_RED, 5: SECOND_RED, 6: SECOND_RED}.items():
        trip_id = identifier("trip", number)
        assert after[trip_id] == {**before[trip_id], "vehicle_key": expected}


def test_a_newer_version_of_events_takes_a_change_of_company_back(site: Site) -> None:
    for position in (0, 2, 4):
        site.land(RIDES[position])
    site.load_all()
    corrected = [{**each, "provider_id": RED, "publication_time": each["publication_time"] + 1} for each in RIDES[2]]
    site.land(corrected)
    site.load_all()
    site.verify()
    (version,) = site.query("SELECT * FROM `{gold}.dim_vehicle` WHERE version > 0")
    assert (version["vehicle_key"], version["valid_to"], version["is_current"]) == (FIRST_RED, None, True)
    assert {row["vehicle_key"] for row in site.tables()["facts"]} == {FIRST_RED}
    days = site.tables()["vehicle days"]
    assert [(f"{row['service_date']}", row["provider_id"]) for row in days] == [
        ("2016-03-01", RED),
        ("2016-03-05", RED),
        ("2016-04-01", RED),
    ]


def test_within_a_day_the_company_may_change_and_change_back(site: Site) -> None:
    morning, noon, evening = (milliseconds(f"2016-03-05T{hour}:00:00") for hour in (14, 18, 23))
    for number, provider, at in ((7, RED, morning), (8, BLUE, noon), (9, RED, evening)):
        site.land([event(number, "reservation_start", at, provider_id=provider, vehicle_id=CAB)])
    site.load_all()
    site.verify()
    facts = {row["trip_id"]: row["vehicle_key"] for row in site.tables()["facts"]}
    assert [facts[identifier("trip", number)] for number in (7, 8, 9)] == [FIRST_RED, ONLY_BLUE, SECOND_RED]

    voided = event(8, "reservation_start", noon, provider_id=RED, vehicle_id=CAB, publication_time=noon + 9_000)
    site.land([voided])
    site.load_all()
    site.verify()
    assert {row["vehicle_key"] for row in site.tables()["facts"]} == {FIRST_RED}


def test_a_vehicle_that_nobody_knows_or_two_claim_at_once_has_the_unknown_version(site: Site) -> None:
    noon = milliseconds("2016-03-05T18:00:00")
    site.land(
        [
            event(1, "reservation_start", noon, provider_id=max(RED, BLUE), vehicle_id=CAB),
            event(2, "reservation_start", noon, provider_id=min(RED, BLUE), vehicle_id=CAB),
            event(3, "reservation_start", noon, provider_id=RED, vehicle_id="unknown"),
        ]
    )
    site.load_all()
    site.verify()
    facts = {row["trip_id"]: row for row in site.tables()["facts"]}
    winner = key_of(f"{CAB}/{min(RED, BLUE)}/1")
    assert [facts[identifier("trip", number)]["vehicle_key"] for number in (1, 2, 3)] == [0, winner, 0]
    assert facts[identifier("trip", 3)]["provider_key"] == key_of(RED)


def test_a_clock_that_is_wrong_by_years_moves_no_other_version(site: Site) -> None:
    astray = milliseconds("2031-01-01T00:00:00")
    site.land([event(1, "reservation_start", astray, provider_id=RED, vehicle_id=CAB)])
    site.land(ride(2, "2016-03-06", BLUE))
    site.load_all()
    site.verify()
    versions = site.query("SELECT * FROM `{gold}.dim_vehicle` WHERE version > 0 ORDER BY version")
    assert [row["provider_id"] for row in versions] == [RED, BLUE]
    assert f"{versions[0]['valid_from']}" == "2016-03-06 05:59:59.999999+00:00", "the last microsecond of its day"


def test_a_fleet_that_changes_hands_all_the_time(site: Site) -> None:
    """Trips of four vehicles and three companies, in any order, cut into windows anywhere."""
    dice = random.Random(2)
    events = []
    for number in range(40):
        day, provider = f"2016-03-{dice.randint(1, 9):02}", identifier("provider", dice.randint(0, 2))
        rides = ride(number, day, provider, vehicle=f"cab {dice.randint(0, 3)}")
        events += rides[: dice.randint(1, 5)]
        if dice.random() < 0.2:
            events += [{**rides[0], "provider_id": RED, "publication_time": rides[0]["publication_time"] + 60_000}]
    dice.shuffle(events)
    for start in range(0, len(events), 30):
        site.land(events[start : start + 30])
        site.load_all()
        site.verify()


def test_publishing_a_window_again_changes_nothing(site: Site) -> None:
    for position in (0, 1, 4, 5):
        site.land(RIDES[position])
    site.load_all()
    site.land(RIDES[2])
    load_id = steps.plan()["load_id"]
    for step in (steps.extract, steps.stage, steps.merge, steps.publish):
        step(load_id)
    tables = site.tables()
    publishing.publish(site.bigquery, site.target, load_id)
    assert site.tables() == tables
    steps.reconcile(load_id)
    site.verify()
