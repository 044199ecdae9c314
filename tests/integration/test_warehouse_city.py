"""A city with every kind of dirt, loaded as it came: one warehouse that all of these read, and none of them changes."""

# ruff: noqa: S608 - the statements are made of the SQL's own names

import pytest

from contracts.lake import connect
from tests.support.warehouse_site import Site, dirty_city
from warehouse import steps
from warehouse.ledger import open_ledger
from warehouse.lineage import read_tables
from warehouse.reconciliation import check_backlog, check_warehouse, require

NOT_FROM_TRIPS = ("forecast_", "health_")


@pytest.fixture(scope="module")
def city(shared_site: Site) -> Site:
    """Landed in two parts, each loaded in windows smaller than what had landed."""
    events = dirty_city()
    for part in (events[:60], events[60:]):
        shared_site.land(part)
        assert shared_site.load_all(30) == 2
    return shared_site


def test_every_figure_is_what_the_events_say(city: Site) -> None:
    city.verify()
    counts = city.ledger("landed, accepted, rejected, duplicate_equal + duplicate_different")
    totals = [sum(column) for column in zip(*counts, strict=True)]
    books = city.books()
    assert books.duplicates == 5
    assert totals == [len(city.messages), len(city.messages) - 7, len(books.rejected), books.duplicates]
    assert {row[0] for row in city.ledger("state")} == {"reconciled"}
    assert city.leftovers() == []


def test_windows_of_any_size_leave_the_same_tables(city: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """One lake, two warehouses: one loaded as the events trickled in, the other at once."""
    tables = city.tables()
    at_once = city.target._replace(prefix=f"{city.target.prefix}b_")
    monkeypatch.setenv("TRIPLINE_BIGQUERY_DATASET_PREFIX", at_once.prefix)
    monkeypatch.setattr(city, "target", at_once)
    assert city.load_all() == 1
    assert city.tables() == tables
    assert city.leftovers() == []


def test_a_second_run_changes_nothing(city: Site) -> None:
    tables = city.tables()
    assert steps.plan() == {"load_id": None, "state": None, "offsets": 0}
    assert city.load_all() == 0
    assert city.tables() == tables


def test_the_books_close_to_the_cent(city: Site) -> None:
    with open_ledger(city.lake, city.target) as ledger, connect(city.lake, application="test") as connection:
        checks = check_backlog(connection, ledger)
        checks += check_warehouse(connection, city.bigquery, city.target, ledger)
    require(checks, where="test")
    found = {each.name: each for each in checks}
    books = city.books()
    assert found["events"].source_value == len(city.messages)
    assert found["event ids"].source_value == len(books.events)
    assert found["trips"].source_value == len(books.facts)
    assert found["revenue"].source_value == found["revenue in gold"].target_value == books.revenue_minor_units > 0


def test_dirty_trips_are_counted_and_explained(city: Site) -> None:
    facts = city.books().facts.values()
    found = {row["rule"]: row for row in city.query("SELECT * FROM `{gold}.dirty_trips`")}
    for rule, row in found.items():
        assert row["trips"] == sum(fact[f"has_{rule}"] for fact in facts)
        assert row["share"] == pytest.approx(row["trips"] / len(facts), abs=0.0001)
        assert row["explanation"]
    flags = {name.removeprefix("has_") for name in next(iter(facts)) if name.startswith("has_")}
    assert found.keys() == flags


def test_what_the_data_model_calls_a_key_identifies_a_row(city: Site) -> None:
    for table in read_tables():
        if table.key:
            dataset, _, name = table.name.partition(".")
            keys = f"SELECT DISTINCT {', '.join(table.key)} FROM `{{{dataset}}}.{name}`"
            counted = f"SELECT (SELECT COUNT(*) FROM ({keys})) AS rows_by_key, COUNT(*) AS rows_in_all"
            (row,) = city.query(f"{counted} FROM `{{{dataset}}}.{name}`")
            assert row["rows_by_key"] == row["rows_in_all"], table.name
            assert row["rows_in_all"] or name.startswith(NOT_FROM_TRIPS), table.name


def test_every_key_finds_its_row(city: Site) -> None:
    tables = city.tables()
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
