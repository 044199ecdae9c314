"""Rebuilt from the lake or from silver, loaded again, or brought back after a loss: the same tables, byte for byte."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from contracts.errors import BadInputError, FatalError
from contracts.lake import connect
from tests.support.commands import run_json
from tests.support.warehouse_site import TOPIC, Site, dirty_city, trip
from warehouse import checks, steps
from warehouse.backfill import Selection, backfill
from warehouse.bigquery import BigQuery
from warehouse.ledger import open_ledger
from warehouse.loading import Watch
from warehouse.merge import Days
from warehouse.quality import Kind, reds
from warehouse.rebuild import rebuild_gold, rebuild_silver
from warehouse.reconciliation import check_warehouse, require
from warehouse.window import Range

DAYS = Days(date(2016, 3, 2), date(2016, 3, 3))
# What no window would mend: rows lost and doubled, figures changed.
DAMAGE_TO_GOLD = (
    "DELETE FROM `{gold}.fact_trip` WHERE service_date = DATE '2016-03-02'",
    "INSERT INTO `{gold}.fact_trip` SELECT * FROM `{gold}.fact_trip` WHERE service_date = DATE '2016-03-03'",
    "UPDATE `{gold}.agg_zone_hour` SET trips = 99 WHERE service_date = DATE '2016-03-03'",
    "UPDATE `{gold}.dim_provider` SET provider_name = 'wrong' WHERE provider_key > 0",
    "DELETE FROM `{silver}.vehicle_day` WHERE service_date = DATE '2016-03-02'",
)
DAMAGE_TO_SILVER = (
    "DELETE FROM `{silver}.trip_event` WHERE service_date = DATE '2016-03-02'",
    "UPDATE `{silver}.trip` SET total = 1 WHERE service_date = DATE '2016-03-03'",
)


class Killed(BaseException):
    """Stands for kill -9: nothing catches it, and its connections close."""


class Total(Watch):
    """Keeps how many rows there are to read."""

    def set_total(self, rows: int) -> None:
        self.rows = rows


@pytest.fixture
def city(site: Site) -> Site:
    """A lake that came in two parts, loaded as it came: late, duplicate, corrected, voided and rejected events."""
    events = [*dirty_city(), *trip(40, "2016-03-03", vehicle_id="1"), *trip(41, "2016-03-01", vehicle_id="1")]
    for start in range(0, len(events), 60):
        site.land(events[start : start + 60])
        site.load_all()
    return site


def damage(site: Site, statements: tuple[str, ...], tables: dict[str, Any]) -> None:
    """Damage the warehouse, and see that it is damaged."""
    for statement in statements:
        site.query(statement)
    assert site.tables() != tables


def hold_books(site: Site) -> None:
    """Hold lake and warehouse against each other, and look for what was left behind."""
    with open_ledger(site.lake, site.target) as ledger, connect(site.lake, application="test") as connection:
        require(check_warehouse(connection, site.bigquery, site.target, ledger), where="test")
    assert reds(checks.check([Kind.BOOKS, Kind.REFERENCES], everything=True)) == []
    assert site.leftovers() == []
    datasets = [
        name
        for name in ("bronze", "silver", "gold")
        for number in range(9)
        if site.bigquery.list_tables(site.target.aside(number).dataset(name))
    ]
    assert datasets == []


def test_gold_rebuilt_equals_gold_as_it_was_loaded(city: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some days, and all of it after it was deleted; killed while it builds, and while it puts tables in place."""
    tables = city.tables()
    damage(city, DAMAGE_TO_GOLD, tables)
    rebuild_gold(DAYS)
    assert city.tables() == tables
    city.bigquery.drop_dataset(city.target.dataset("gold"))
    with pytest.raises(FatalError, match=r"they are gone: .*gold\.fact_trip") as error:
        steps.plan()
    assert "rebuild gold" in error.value.remedy
    kill_at(rebuild_gold, monkeypatch, merging="fact_trip_event")
    kill_at(rebuild_gold, monkeypatch, merging="health_rejected")
    kill_at(rebuild_gold, monkeypatch, copying="gold.dim_vehicle")
    rebuild_gold()
    assert city.tables() == tables
    load_windows_again(city, tables)
    hold_books(city)


def test_silver_rebuilt_equals_silver_as_it_was_loaded(
    city: Site, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some days, and all of it; killed while it builds and while it swaps, new windows in between; after a loss."""
    city.land(trip(60, "2016-05-01"))
    city.load_all()
    tables = city.tables()
    damage(city, DAMAGE_TO_SILVER, tables)
    watch = Total()
    rebuild_silver(DAYS, watch)
    assert watch.rows == len(city.messages) - 5, "a window without events of these days is not read"
    assert city.tables() == tables
    damage(city, DAMAGE_TO_SILVER, tables)
    kill_at(rebuild_silver, monkeypatch, merging="fact_trip")
    city.land(trip(50, "2016-03-04"))
    city.load_all()
    kill_at(rebuild_silver, monkeypatch, copying="silver.trip")
    found = rebuild_silver()
    city.verify()
    assert found["landed"] == len(city.messages)
    tables = city.tables()
    for dataset in ("silver", "gold"):
        city.bigquery.drop_dataset(city.target.dataset(dataset))
    with pytest.raises(FatalError, match=r"they are gone: .*silver\.trip_event") as error:
        steps.plan()
    assert "rebuild silver" in error.value.remedy
    with pytest.raises(FatalError, match=r"they are gone: .*silver\.trip_event"):
        steps.prepare()
    again = run_json(environment, "warehouse", "rebuild", "silver")
    assert again["duplicate_equal"] == found["duplicate_equal"]
    assert city.tables() == tables
    hold_books(city)
    lose_events_of_the_lake(city)


def load_windows_again(city: Site, tables: dict[str, Any]) -> None:
    """By all three ways to name them; rows that were lost come back, and nothing else changes."""
    windows = city.ledger("load_id")
    city.query(DAMAGE_TO_SILVER[0])
    assert backfill(Selection(arrived_on=date(2026, 3, 2)))["windows"] == len(windows)
    assert city.tables() == tables
    assert backfill(Selection(load_id=windows[0][0]))["windows"] == 1
    assert backfill(Selection(range=Range(TOPIC, 0, 0, 1)))["windows"] == 1
    assert city.tables() == tables
    with pytest.raises(BadInputError, match="No window"):
        backfill(Selection(range=Range(TOPIC, 0, 9_000, 9_001)))


def lose_events_of_the_lake(city: Site) -> None:
    """What the lake cannot give back is not taken from the warehouse."""
    with connect(city.lake, application="test") as connection:
        connection.execute("DELETE FROM raw.trip_event WHERE kafka_offset = 3")
    tables = city.tables()
    with pytest.raises(FatalError, match="The lake holds"):
        rebuild_silver()
    with pytest.raises(FatalError, match="The lake holds"):
        rebuild_silver(DAYS)
    with pytest.raises(FatalError, match="The lake holds"):
        backfill(Selection(range=Range(TOPIC, 0, 0, 1)))
    assert city.tables() == tables


def kill_at(
    rebuild: Callable[[], object], monkeypatch: pytest.MonkeyPatch, *, merging: str = "-", copying: str = "-"
) -> None:
    """Run a rebuild that dies before it merges into a table, or before it puts one in place."""
    query, copy = BigQuery.query, BigQuery.copy_table

    def query_until(self: BigQuery, sql: str, *rest: Any, **options: Any) -> list[dict[str, Any]]:
        if re.search(rf"MERGE `[^`]+\.{merging}`", sql):
            raise Killed
        return query(self, sql, *rest, **options)

    def copy_until(self: BigQuery, source: str, destination: str) -> None:
        if destination.endswith(copying) and "rebuild_" not in destination:
            raise Killed
        copy(self, source, destination)

    with monkeypatch.context() as patch:
        patch.setattr(BigQuery, "query", query_until)
        patch.setattr(BigQuery, "copy_table", copy_until)
        with pytest.raises(Killed):
            rebuild()
