"""The books close when all is well, and every planted defect turns them red."""

# ruff: noqa: S608 - the statements are the test's own

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from confluent_kafka import Producer

from contracts.broker import ensure_topic
from contracts.errors import ExitCode, FatalError, NotReconciledError
from contracts.lake import connect
from contracts.settings import KafkaSettings
from tests.support.commands import run, run_json
from tests.support.warehouse_site import STEPS, Site, dirty_city, identifier, trip
from warehouse import steps
from warehouse.ledger import open_ledger
from warehouse.reconciliation import Check, check_backlog, check_warehouse, require

TRIP = f"WHERE trip_id = '{identifier('trip', 1)}'"
START = f"WHERE event_id = '{identifier('event', 1, 'trip_start')}'"
END = f"WHERE event_id = '{identifier('event', 1, 'trip_end')}'"
DEFECTS = {
    "an event lost": (f"DELETE FROM `{{silver}}.trip_event` {END}", {"event ids", "events", "fares"}),
    "an event doubled": (
        f"INSERT INTO `{{silver}}.trip_event` SELECT * FROM `{{silver}}.trip_event` {START}",
        {"event ids", "events"},
    ),
    "a fare changed": (f"UPDATE `{{silver}}.trip_event` SET total = total + 1 {END}", {"fares"}),
    "a trip lost": (f"DELETE FROM `{{silver}}.trip` {TRIP}", {"trips", "revenue"}),
    "a trip not restated": (f"UPDATE `{{silver}}.trip` SET outcome = 'voided' {TRIP}", {"revenue"}),
    "a fact lost": (f"DELETE FROM `{{gold}}.fact_trip` {TRIP}", {"trips in gold", "revenue in gold"}),
    "a fact doubled": (
        f"INSERT INTO `{{gold}}.fact_trip` SELECT * FROM `{{gold}}.fact_trip` {TRIP}",
        {"trips in gold", "revenue in gold"},
    ),
    "a rejected event dropped": (
        "DELETE FROM `{bronze}.rejected_event` WHERE TRUE",
        {"events", "event ids", "trips", "trips in gold", "events in gold", "trips by hour"},
    ),
    "an event of gold lost": (f"DELETE FROM `{{gold}}.fact_trip_event` {END}", {"events in gold"}),
    "an hour lost": ("DELETE FROM `{gold}.agg_zone_hour` WHERE zone_key = 2", {"trips by hour", "revenue by hour"}),
    "an hour not restated": (
        "UPDATE `{gold}.agg_zone_hour` SET revenue_minor_units = 0 WHERE zone_key = 2",
        {"revenue by hour"},
    ),
}


def checks(site: Site) -> list[Check]:
    with open_ledger(site.lake, site.target) as ledger, connect(site.lake, application="test") as connection:
        return [
            *check_backlog(connection, ledger),
            *check_warehouse(connection, site.bigquery, site.target, ledger),
        ]


def test_every_planted_defect_turns_the_books_red(site: Site) -> None:
    site.land([*trip(1), *trip(2), "{}"])
    site.load_all()
    facts = ("{gold}.fact_trip", "{gold}.fact_trip_event", "{gold}.agg_zone_hour")
    tables = ("{bronze}.rejected_event", "{silver}.trip_event", "{silver}.trip", *facts)
    for table in tables:
        site.query(f"CREATE TABLE `{table}_whole` AS SELECT * FROM `{table}`")
    require(checks(site), where="test")
    for defect, (statement, expected) in DEFECTS.items():
        site.query(statement)
        found = checks(site)
        assert {each.name for each in found if each.difference} == expected, defect
        with pytest.raises(NotReconciledError, match=next(iter(expected))):
            require(found, where="test")
        # What is not whole again would turn the books red in the next round, and in the last look.
        for table in (table for table in tables if f"`{table}`" in statement):
            site.query(f"DELETE FROM `{table}` WHERE TRUE")
            site.query(f"INSERT INTO `{table}` SELECT * FROM `{table}_whole`")
    require(checks(site), where="test")


def test_a_day_that_the_lake_has_dropped_is_told_by_the_ledger(site: Site) -> None:
    """The books close as before, and still show what is changed afterwards."""
    city = [*dirty_city(), "{}", *trip(40, "2016-03-20")]
    for part in (city[:60], city[60:]):
        site.land(part)
        site.load_all()
    before = checks(site)
    with connect(site.lake, application="test") as connection:
        gone = connection.execute("SELECT count(*) FROM raw.trip_event_20260301").fetchone()
        connection.execute("DROP TABLE raw.trip_event_20260301")
    assert gone == (4,)
    assert checks(site) == before
    site.query("UPDATE `{gold}.fact_trip` SET revenue_minor_units = revenue_minor_units + 1 WHERE is_completed")
    assert {each.name for each in checks(site) if each.difference} == {"revenue in gold"}


def test_what_has_landed_and_is_not_loaded_is_named(site: Site) -> None:
    """And so is a lake that lost its table, before a window is planned and after."""
    site.land(trip(1))
    site.load_all()
    site.land(trip(2))
    red = [each for each in checks(site) if each.difference]
    assert [(each.name, each.difference) for each in red] == [("offsets", -5)]
    with lost_table(site), pytest.raises(FatalError, match="SQLSTATE 42P01"):
        steps.plan()
    load_id = steps.plan()["load_id"]
    with lost_table(site), pytest.raises(FatalError, match="SQLSTATE 42P01"):
        steps.extract(load_id)


@contextmanager
def lost_table(site: Site) -> Iterator[None]:
    """Take the lake's table away, and bring it back."""
    with connect(site.lake, application="test") as connection:
        connection.execute("ALTER TABLE raw.trip_event RENAME TO lost")
    yield
    with connect(site.lake, application="test") as connection:
        connection.execute("ALTER TABLE raw.lost RENAME TO trip_event")


# What damages a window between its publishing and its reconciliation, and which checks say so: at once what no other
# damage of its round could turn red.
DAMAGE: list[dict[str, set[str]]] = [
    {
        "DELETE FROM `{gold}.fact_trip_event` WHERE TRUE": {"events in gold"},
        "UPDATE `{gold}.agg_zone_hour` SET trips = trips + 1 WHERE TRUE": {"trips by hour"},
        "UPDATE `{gold}.agg_zone_hour` SET revenue_minor_units = 1 WHERE TRUE": {"revenue by hour"},
        "DELETE FROM `{bronze}.rejected_event` WHERE TRUE": {"events", "event ids", "trips"},
    },
    {
        "DELETE FROM `{silver}.trip_event` WHERE TRUE": {"event ids", "events in gold"},
        "UPDATE `{gold}.fact_trip` SET revenue_minor_units = 1 WHERE TRUE": {"revenue in gold", "revenue by hour"},
    },
    {
        "DELETE FROM `{gold}.fact_trip` WHERE TRUE": {
            *("trips in gold", "revenue in gold", "trips by hour", "revenue by hour")
        },
    },
]


def test_a_window_that_does_not_add_up_is_not_closed(site: Site) -> None:
    """It stays open, is named with both figures, and goes on once the damage is mended."""
    site.land([*trip(1), "{}"])
    load_id = steps.plan()["load_id"]
    for step in STEPS[:2]:
        step(load_id)
    for damages in DAMAGE:
        for step in STEPS[2:-1]:
            step(load_id)
        for damage in damages:
            site.query(damage)
        broken = set.union(*damages.values())
        with pytest.raises(NotReconciledError) as error:
            steps.reconcile(load_id)
        assert all(f"{name}: " in str(error.value) for name in broken)
        assert site.ledger("state") == [("published",)]
        with connect(site.lake, application="test") as connection:
            recorded = connection.execute("SELECT name FROM control.reconciliation WHERE source_value <> target_value")
            assert {name for (name,) in recorded} == broken
            connection.execute("UPDATE control.load SET state = 'staged'")
    site.load_all()
    site.verify()
    require(checks(site), where="test")


def produce(kafka: KafkaSettings, count: int) -> None:
    producer = Producer(kafka.client_config())
    for number in range(count):
        producer.produce(kafka.topic, json.dumps({"number": number}), partition=0)
    assert producer.flush(30) == 0


def consumed(site: Site, kafka: KafkaSettings, *, landed: list[int], dead: list[int]) -> None:
    """Write down what a consumer would have of partition 0."""
    with connect(site.lake, application="test") as connection:
        connection.execute("SELECT raw.ensure_day('2026-03-01')")
        for offset in landed:
            connection.execute(
                "INSERT INTO raw.trip_event (topic, kafka_partition, kafka_offset, arrived_at, payload) "
                "VALUES (%s, 0, %s, '2026-03-01', '{}')",
                (kafka.topic, offset),
            )
        for offset in dead:
            connection.execute(
                "INSERT INTO raw.dead_letter (topic, kafka_partition, kafka_offset, arrived_at, reason, error) "
                "VALUES (%s, 0, %s, '2026-03-01', 'empty', '')",
                (kafka.topic, offset),
            )
        ends = (kafka.topic, max([*landed, *dead]) + 1)
        connection.execute("INSERT INTO raw.consumer_offset VALUES (%s, 0, %s)", ends)


def test_the_commands_compare_kafka_lake_and_warehouse_and_tell_how_far_it_is(
    site: Site, kafka_settings: KafkaSettings, environment: dict[str, str]
) -> None:
    ensure_topic(kafka_settings)
    produce(kafka_settings, 5)
    consumed(site, kafka_settings, landed=[0, 1, 3], dead=[2, 4])
    before = run_json(environment, "warehouse", "status")
    assert before == {"target": site.target.key, "offsets_to_load": 5, "windows": []}
    assert run_json(environment, "warehouse", "run")["rejected"] == 3
    after = run_json(environment, "warehouse", "status")
    assert after["offsets_to_load"] == 0
    assert [(each["state"], each["landed"]) for each in after["windows"]] == [("reconciled", 3)]
    assert "reconciled" in run(environment, "warehouse", "status").stdout

    listed: list[dict[str, Any]] = json.loads(run(environment, "warehouse", "reconcile", "--json").stdout)
    topic = listed[0]
    assert (topic["source_value"], topic["target_value"], topic["difference"]) == (5, 5, 0)
    assert "produced to Kafka" in run(environment, "warehouse", "reconcile").stdout

    produce(kafka_settings, 2)
    failed = run(environment, "warehouse", "reconcile", expect=ExitCode.NOT_RECONCILED)
    assert "produced to Kafka 7, landed + dead-lettered 5" in failed.stderr
    assert failed.stderr.count("\n") == 1
