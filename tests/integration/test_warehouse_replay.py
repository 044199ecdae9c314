"""Rejected events that a wider contract lets pass; what a newer event brings; the warehouse as it was."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import pytest

from contracts.check import Violation, check
from contracts.errors import BadInputError, FatalError
from contracts.event import TripEvent
from contracts.lake import connect
from contracts.reasons import RejectionReason
from tests.support.commands import run_json
from tests.support.warehouse_site import TOPIC, Site, charged, dirty_city, event, identifier, milliseconds, trip
from warehouse import checks, evolution, judging, steps
from warehouse.as_of import as_of, diff
from warehouse.bigquery import BigQuery
from warehouse.definitions import DefinedColumn, defined_tables
from warehouse.ledger import open_ledger
from warehouse.loading import Watch
from warehouse.names import render
from warehouse.quality import Kind, reds
from warehouse.reconciliation import check_warehouse, require
from warehouse.replay import Filter, replay_rejected
from warehouse.window import Partition

NARROW = Violation(RejectionReason.UNKNOWN_VALUE, "$.fare.payment_type")


class Killed(BaseException):
    """Stands for kill -9: nothing catches it, and its connections close."""


@contextmanager
def narrow_contract(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Judge by a contract that does not know credit cards yet."""

    def narrower(payload: bytes) -> TripEvent | Violation:
        found = check(payload)
        cards = isinstance(found, TripEvent) and found.fare is not None and found.fare.payment_type == "credit_card"
        return NARROW if cards else found

    with monkeypatch.context() as patch:
        patch.setattr(judging, "check", narrower)
        yield


def hold_books(site: Site) -> None:
    """Every figure is what the landed events say, and what every window loaded, rejected and doubled is what landed."""
    site.verify()
    with open_ledger(site.lake, site.target) as ledger, connect(site.lake, application="test") as connection:
        require(check_warehouse(connection, site.bigquery, site.target, ledger), where="test")
        for window in ledger.windows():
            assert window.landed == (window.accepted or 0) + (window.rejected or 0)
    assert reds(checks.check([Kind.BOOKS], everything=True)) == []
    assert site.leftovers() == []


def test_what_a_wider_contract_lets_pass_moves_to_silver_and_gold_once(
    site: Site, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Late, corrected and voided trips among them; killed before each of its changes."""
    late = milliseconds("2016-03-05T20:00:00")
    twice = charged(60, "trip_end", late, 900)
    events = [*dirty_city(), *trip(60)[:4], twice, twice]
    with narrow_contract(monkeypatch):
        for part in (events[:60], events[60:]):
            site.land(part)
            site.load_all()
    rejected = len(site.query("SELECT reason FROM `{bronze}.rejected_event`"))
    stay = len(site.books().rejected)
    assert rejected > stay + 4

    dry = run_json(environment, "warehouse", "replay-rejected", "--dry-run")
    assert (dry["judged"], dry["accepted"], dry["rejected"]) == (rejected, rejected - stay, stay)
    assert len(site.query("SELECT reason FROM `{bronze}.rejected_event`")) == rejected

    other = replay_rejected(Filter(reason=RejectionReason.NOT_AN_OBJECT))
    assert (other["judged"], other["accepted"]) == (4, 0)
    assert replay_rejected(Filter(arrived_on=date(2020, 1, 1)))["judged"] == 0
    found = killed_again_and_again(lambda: replay_rejected(Filter()), monkeypatch)
    assert found["accepted"] == rejected - stay
    hold_books(site)
    assert len(site.query("SELECT reason FROM `{bronze}.rejected_event`")) == stay
    assert audit(site) == [("unknown_value", "$.fare.payment_type", rejected - stay)]

    tables = site.tables()
    again = replay_rejected(Filter())
    assert (again["judged"], again["accepted"]) == (stay, 0)
    assert site.tables() == tables


def killed_again_and_again(replay: Callable[[], dict[str, int]], monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Let it die before each kind of change, in turn, then to its end."""
    real = BigQuery.query
    for name in ("trip_event", "fact_trip", "remove_replayed", "replayed_events"):

        def guarded(self: BigQuery, sql: str, step: str, name: str = name, **options: Any) -> list[dict[str, Any]]:
            if step == name:
                raise Killed
            return real(self, sql, step, **options)

        with monkeypatch.context() as patch:
            patch.setattr(BigQuery, "query", guarded)
            with pytest.raises(Killed):
                replay()
    return replay()


def audit(site: Site) -> list[tuple[Any, ...]]:
    """Return reason, field and number of the events that were replayed."""
    with connect(site.lake, application="test") as connection:
        query = "SELECT reason, field, count(*) FROM control.replayed_event GROUP BY reason, field"
        return connection.execute(query).fetchall()


def test_what_a_newer_producer_sends_is_kept_or_refused_by_its_version(site: Site) -> None:
    """docs/schema-evolution.md: an unknown field, a newer minor version, a newer major version."""
    start = trip(1)[0]
    site.land(
        [
            {**start, "shared_ride": True},
            {**trip(2)[0], "schema_version": "1.7", "carbon_grams": 120},
            {**trip(3)[0], "schema_version": "2.0"},
        ]
    )
    site.load_all()
    site.verify()
    rows = site.query("SELECT trip_id, schema_version FROM `{silver}.trip_event`")
    assert {row["trip_id"]: row["schema_version"] for row in rows} == {
        identifier("trip", 1): "1.0",
        identifier("trip", 2): "1.7",
    }
    (refused,) = site.query("SELECT reason, field FROM `{bronze}.rejected_event`")
    assert refused == {"reason": "unsupported_version", "field": "$.schema_version"}
    with connect(site.lake, application="test") as connection:
        kept = connection.execute(
            "SELECT payload -> 'shared_ride', payload -> 'carbon_grams' FROM raw.trip_event"
        ).fetchall()
    assert {(True, None), (None, 120), (None, None)} == set(kept)


def test_a_new_column_is_added_and_any_other_change_names_the_rebuild(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an upgrade whose definition has one column more than the table that stands."""
    steps.prepare()
    defined = defined_tables()["silver.trip"]

    def upgraded(column: DefinedColumn) -> None:
        changed = {"silver.trip": defined._replace(columns=(*defined.columns, column))}
        monkeypatch.setattr(evolution, "defined_tables", lambda: changed)
        steps.prepare()

    clause = "carbon_grams INT64 OPTIONS (description = 'Carbon dioxide of the ride, grams.')"
    upgraded(DefinedColumn("carbon_grams", "INT64", required=False, clause=clause))
    site.land(trip(1))
    site.load_all()
    assert site.query("SELECT trip_id, carbon_grams FROM `{silver}.trip`") == [
        {"trip_id": identifier("trip", 1), "carbon_grams": None}
    ]
    with pytest.raises(FatalError, match="seats is new and NOT NULL") as error:
        upgraded(DefinedColumn("seats", "INT64", required=True, clause=""))
    assert "rebuild silver" in error.value.remedy


def test_the_warehouse_as_it_was_and_what_has_changed_since(site: Site, environment: dict[str, str]) -> None:
    late = milliseconds("2016-03-05T20:00:00")
    site.land([*trip(1), *trip(2), *trip(3)])
    site.load_all()
    then = site.query("SELECT * FROM `{silver}.trip` ORDER BY trip_id, service_date")
    offsets = {Partition(TOPIC, partition): end for partition, end in site._next.items()}
    site.land([charged(1, "fare_adjusted", late, 2000), event(2, "trip_voided", late), *trip(4)])
    site.load_all()

    prefix = f"{site.target.prefix}then_"
    found = as_of(prefix, None, offsets, Watch())
    assert found["landed"] == 15
    before = site.target._replace(prefix=prefix)
    assert (
        site.bigquery.query(render("SELECT * FROM `{silver}.trip` ORDER BY trip_id, service_date", before), "t") == then
    )
    (day,) = site.bigquery.query(render("SELECT trips, revenue FROM `{gold}.daily_trips`", before), "t")
    assert (day["trips"], int(day["revenue"] * 100)) == (3, 3 * 1425)

    told = diff(prefix, site.target.prefix)
    assert told.totals() == {"added": 1, "gone": 0, "changed": 2, "revenue_minor_units": 1425 + 575 - 1425}
    changed = {each.columns_changed for each in told.changes if each.change == "changed"}
    assert {"total", "version", "is_restated"} <= set(next(each for each in changed if "base_fare" in each).split())
    assert any("outcome" in each and "voided_at" in each for each in changed)
    printed = run_json(environment, "warehouse", "diff", site.target.prefix, prefix)
    assert (printed["gone"], printed["added"]) == (1, 0)

    site.bigquery.drop_dataset(before.dataset("silver"))
    assert as_of(prefix, datetime(2026, 3, 5, tzinfo=UTC), {}, Watch())["landed"] == len(site.messages)
    assert diff(prefix, site.target.prefix).changes == []
    with pytest.raises(BadInputError, match="later time"):
        as_of(prefix, None, offsets, Watch())
    with pytest.raises(BadInputError, match="warehouse itself"):
        as_of(site.target.prefix, None, offsets, Watch())
    with connect(site.lake, application="test") as connection:
        assert connection.execute("SELECT target FROM control.snapshot").fetchall() == [(before.key,)]
