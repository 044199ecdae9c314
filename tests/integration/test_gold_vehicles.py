"""Versions of vehicles: the same in whatever order trips come, and every trip carries the one that holds."""

import random
from typing import Any, NamedTuple

import pytest

from tests.support.gold_oracle import key_of
from tests.support.warehouse_oracle import Row
from tests.support.warehouse_site import Site, event, identifier, milliseconds, trip
from warehouse import publish as publishing
from warehouse import steps

RED, BLUE = identifier("provider", "red"), identifier("provider", "blue")
CAB = "1729 TX"


def ride(number: int, day: str, provider: str, vehicle: str = CAB) -> list[dict[str, Any]]:
    """Return a completed trip of the vehicle for a company."""
    return trip(number, day, provider_id=provider, vehicle_id=vehicle, provider_name=provider[:4])


def rides(cab: str = CAB, first: int = 1) -> list[list[dict[str, Any]]]:
    """Return six trips of a vehicle that is driven for red, then for blue, then for red again."""
    days = ("2016-03-01", "2016-03-02", "2016-03-05", "2016-03-05", "2016-04-01", "2017-01-01")
    companies = (RED, RED, BLUE, BLUE, RED, RED)
    driven = zip(days, companies, strict=True)
    return [ride(number, day, company, cab) for number, (day, company) in enumerate(driven, first)]


def versions_of(cab: str = CAB) -> tuple[int, int, int]:
    """Return the keys of a vehicle's three versions."""
    red, blue, red_again = (key_of(f"{cab}/{provider}") for provider in (f"{RED}/1", f"{BLUE}/1", f"{RED}/2"))
    return red, blue, red_again


FIRST_RED, ONLY_BLUE, SECOND_RED = versions_of()


def carried(site: Site) -> dict[str, int]:
    """Return the version that each trip carries, in fact_trip and in all its events alike."""
    rows = site.query(
        "SELECT fact.trip_id, fact.vehicle_key, COUNT(*) AS events FROM `{gold}.fact_trip` AS fact "
        "JOIN `{gold}.fact_trip_event` AS told ON told.trip_id = fact.trip_id AND told.vehicle_key = fact.vehicle_key "
        "GROUP BY fact.trip_id, fact.vehicle_key"
    )
    assert {row["events"] for row in rows} == {5}
    return {row["trip_id"]: row["vehicle_key"] for row in rows}


def test_a_vehicle_that_comes_back_to_a_company_has_three_versions(site: Site) -> None:
    """One whose trips land from the newest to the oldest, and one whose trips land from both ends."""
    cabs = {CAB: (1, ((5, 4), (3, 2), (1, 0))), "1730 TX": (11, ((0, 5), (1, 4), (2, 3)))}
    for window in range(3):
        for cab, (first, order) in cabs.items():
            site.land([each for position in order[window] for each in rides(cab, first)[position]])
        assert site.load_all() == 1
        site.verify()
    keys = carried(site)
    for cab, (first, _) in cabs.items():
        red, blue, red_again = versions_of(cab)
        found = site.query("SELECT * FROM `{gold}.dim_vehicle` WHERE version > 0 ORDER BY version")
        versions = [row for row in found if row["vehicle_id"] == cab]
        assert [row["vehicle_key"] for row in versions] == [red, blue, red_again]
        assert [f"{row['valid_from']:%Y-%m-%d}" for row in versions] == ["2016-03-01", "2016-03-05", "2016-04-01"]
        assert [row["valid_to"] for row in versions] == [versions[1]["valid_from"], versions[2]["valid_from"], None]
        assert [row["is_current"] for row in versions] == [False, False, True]
        of_rides = [keys[identifier("trip", number)] for number in range(first, first + 6)]
        assert of_rides == [red, red, blue, blue, red_again, red_again]


def test_a_trip_found_later_restates_trips_of_other_days_and_nothing_else(site: Site) -> None:
    """And publishing its window again changes nothing."""
    cab = rides()
    site.land([each for position in (0, 1, 4, 5) for each in cab[position]])
    site.load_all()
    before = {row["trip_id"]: row for row in site.tables()["facts"]}
    assert {row["vehicle_key"] for row in before.values()} == {FIRST_RED}

    site.land(cab[2])
    load_id = steps.plan()["load_id"]
    for step in (steps.extract, steps.stage, steps.merge, steps.publish):
        step(load_id)
    tables = site.tables()
    publishing.publish(site.bigquery, site.target, load_id)
    assert site.tables() == tables
    steps.reconcile(load_id)
    site.verify()
    after = {row["trip_id"]: row for row in tables["facts"]}
    for number, expected in {1: FIRST_RED, 2: FIRST_RED, 5: SECOND_RED, 6: SECOND_RED}.items():
        trip_id = identifier("trip", number)
        assert after[trip_id] == {**before[trip_id], "vehicle_key": expected}


class Fleet(NamedTuple):
    """The tables of four vehicles and an unknown one, before newer versions of some events came, and after."""

    before: dict[str, list[Row]]
    after: dict[str, list[Row]]


def facts_of(tables: dict[str, list[Row]]) -> dict[str, Row]:
    """Return the facts by trip."""
    return {row["trip_id"]: row for row in tables["facts"]}


def of_vehicle(tables: dict[str, list[Row]], table: str, cab: str) -> list[Row]:
    """Return the rows of a vehicle."""
    return [row for row in tables[table] if row["vehicle_id"] == cab]


@pytest.fixture(scope="module")
def fleet(shared_site: Site) -> Fleet:
    """Each of these vehicles is of one of the tests that follow."""
    cab = rides()
    morning, noon, evening = (milliseconds(f"2016-03-05T{hour}:00:00") for hour in (14, 18, 23))
    within_a_day = ((7, RED, morning), (8, BLUE, noon), (9, RED, evening))
    claims = ((21, max(RED, BLUE), "claimed"), (22, min(RED, BLUE), "claimed"), (23, RED, "unknown"))
    astray = milliseconds("2031-01-01T00:00:00")
    shared_site.land(
        [
            *(each for position in (0, 2, 4) for each in cab[position]),
            *(event(n, "reservation_start", at, provider_id=of, vehicle_id="shared") for n, of, at in within_a_day),
            *(event(n, "reservation_start", noon, provider_id=of, vehicle_id=cab) for n, of, cab in claims),
            event(31, "reservation_start", astray, provider_id=RED, vehicle_id="astray"),
            *ride(32, "2016-03-06", BLUE, "astray"),
        ]
    )
    shared_site.load_all()
    shared_site.verify()
    before = shared_site.tables()
    newer: dict[str, Any] = {"provider_id": RED, "publication_time": noon + 9_000}
    corrected = [{**each, "provider_id": RED, "publication_time": each["publication_time"] + 1} for each in cab[2]]
    shared_site.land([*corrected, event(8, "reservation_start", noon, vehicle_id="shared", **newer)])
    shared_site.load_all()
    shared_site.verify()
    return Fleet(before, shared_site.tables())


def test_a_newer_version_of_events_takes_a_change_of_company_back(fleet: Fleet) -> None:
    assert len([row for row in of_vehicle(fleet.before, "vehicles", CAB) if row["version"]]) == 3
    (version,) = [row for row in of_vehicle(fleet.after, "vehicles", CAB) if row["version"]]
    assert (version["vehicle_key"], version["valid_to"], version["is_current"]) == (FIRST_RED, None, True)
    assert {row["vehicle_key"] for row in of_vehicle(fleet.after, "facts", CAB)} == {FIRST_RED}
    assert [(f"{row['service_date']}", row["provider_id"]) for row in of_vehicle(fleet.after, "vehicle days", CAB)] == [
        ("2016-03-01", RED),
        ("2016-03-05", RED),
        ("2016-04-01", RED),
    ]


def test_within_a_day_the_company_may_change_and_change_back(fleet: Fleet) -> None:
    before, after = facts_of(fleet.before), facts_of(fleet.after)
    trips = [identifier("trip", number) for number in (7, 8, 9)]
    first_red, only_blue, second_red = versions_of("shared")
    assert [before[trip_id]["vehicle_key"] for trip_id in trips] == [first_red, only_blue, second_red]
    assert [after[trip_id]["vehicle_key"] for trip_id in trips] == [first_red] * 3


def test_a_vehicle_that_nobody_knows_or_two_claim_at_once_has_the_unknown_version(fleet: Fleet) -> None:
    facts = facts_of(fleet.before)
    winner = key_of(f"claimed/{min(RED, BLUE)}/1")
    assert [facts[identifier("trip", number)]["vehicle_key"] for number in (21, 22, 23)] == [0, winner, 0]
    assert facts[identifier("trip", 23)]["provider_key"] == key_of(RED)


def test_a_clock_that_is_wrong_by_years_moves_no_other_version(fleet: Fleet) -> None:
    versions = sorted(of_vehicle(fleet.before, "vehicles", "astray"), key=lambda row: int(row["version"]))
    assert [row["provider_id"] for row in versions] == [RED, BLUE]
    assert f"{versions[0]['valid_from']}" == "2016-03-06 05:59:59.999999+00:00", "the last microsecond of its day"


def test_a_fleet_that_changes_hands_all_the_time(site: Site) -> None:
    """Trips of four vehicles and three companies, in any order, cut into windows anywhere."""
    dice = random.Random(2)
    events = []
    for number in range(40):
        day, provider = f"2016-03-{dice.randint(1, 9):02}", identifier("provider", dice.randint(0, 2))
        told = ride(number, day, provider, vehicle=f"cab {dice.randint(0, 3)}")
        events += told[: dice.randint(1, 5)]
        if dice.random() < 0.2:
            events += [{**told[0], "provider_id": RED, "publication_time": told[0]["publication_time"] + 60_000}]
    dice.shuffle(events)
    for start in range(0, len(events), 40):
        site.land(events[start : start + 40])
        site.load_all()
        site.verify()
