"""What a window asks of BigQuery follows from its days alone, and not from what stands there already."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.warehouse_site import Site, identifier, trip
from warehouse.bigquery import BigQuery

DAY = "2016-03-05"
OTHER_DAYS = [f"2016-04-{day:02}" for day in range(1, 13)]
# These MERGE a row for each company, vehicle or date, whatever the number of trips: compared as a whole. Health tables
# have a row for each window and check, and forget them by the clock.
SMALL = {"dim_provider", "dim_vehicle", "dim_date"}
HEALTH = "health_"


def drive(number: int, day: str) -> list[dict[str, Any]]:
    """Return a trip of the one vehicle that there is, so that none but its own day is restated."""
    return trip(number, day, vehicle_id="7", provider_id=identifier("provider"), provider_name="Taxi")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Every statement that is sent from now on but those for health tables, by the name of its step."""
    statements: list[tuple[str, str]] = []
    send = BigQuery.stream

    def record(self: BigQuery, sql: str, name: str, *parameters: Any) -> Iterator[dict[str, Any]]:
        if not name.startswith(HEALTH):
            statements.append((name, re.sub(r"[0-9a-f]{32}", "LOAD", sql)))
        return send(self, sql, name, *parameters)

    monkeypatch.setattr(BigQuery, "stream", record)
    return statements


def test_a_window_sends_the_same_over_a_small_and_a_large_table(site: Site, sent: list[tuple[str, str]]) -> None:
    site.land(drive(1, DAY))
    site.load_all()
    sent.clear()
    site.land(drive(2, DAY))
    site.load_all()
    over_one_day = list(sent)
    site.land([event for number, day in enumerate(OTHER_DAYS * 5, 10) for event in drive(number, day)])
    site.load_all()
    sent.clear()
    site.land(drive(3, DAY))
    site.load_all()
    assert sent == over_one_day
    merges = {name: sql for name, sql in sent if "MERGE `" in sql and name not in SMALL}
    assert merges.keys() == {
        *("trip_event", "trip", "provider_day", "vehicle_day"),
        *("fact_trip", "fact_trip_event", "agg_zone_hour"),
    }
    for name, sql in merges.items():
        assert set(re.findall(r"DATE '([0-9-]+)'", sql)) == {DAY}, name
