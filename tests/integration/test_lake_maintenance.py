"""The lake's upkeep, on a real Postgres: days ahead, closed days, retention, and nobody who waits for it."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from psycopg import Connection

from consumer import maintenance, retention
from consumer.batch import Batch, Move, Record
from consumer.days import INDEXES, read_days
from consumer.dead_letter_store import open_store
from consumer.landing import Lake
from consumer.migrate import migrate
from contracts.errors import BusyError
from contracts.lake import connect
from contracts.settings import KafkaSettings, LakeSettings, environment_of
from contracts.sql import load_sql
from tests.support.landed import land, trip_events

TODAY = datetime.now(UTC).date()
OLD = TODAY - timedelta(days=400)
WAREHOUSE = "tripline."


@pytest.fixture
def lake(lake_settings: LakeSettings, monkeypatch: pytest.MonkeyPatch) -> LakeSettings:
    """A migrated lake, named by the environment of this process, with the shortest patience."""
    migrate(lake_settings)
    for name, value in environment_of(lake_settings).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TRIPLINE_MAINTENANCE_LOCK_SECONDS", "0.3")
    # Midnight may pass meanwhile.
    monkeypatch.setattr(maintenance, "_today", lambda: TODAY)
    return lake_settings


@pytest.fixture
def connection(lake: LakeSettings) -> Iterator[Connection[Any]]:
    with connect(lake, application="test", autocommit=True) as found:
        yield found


@pytest.fixture
def land_on(lake: LakeSettings, kafka_settings: KafkaSettings) -> Callable[..., None]:
    """Land so many trips (two events each) on a day."""

    def on(day: date, trips: int = 2, first: int = 0) -> None:
        land(lake, kafka_settings, trip_events(trips, first=first), arrived_at=f"{day}T12:00:00Z")

    return on


def reconcile(connection: Connection[Any], target: str = WAREHOUSE, *, short_by: int = 0) -> None:
    """Let a warehouse have reconciled everything that has landed, short by so many offsets of each partition."""
    connection.execute(
        "INSERT INTO control.load (load_id, target, state, offsets) VALUES (%s, %s, 'reconciled', 1)", (target, target)
    )
    connection.execute(
        "INSERT INTO control.load_range SELECT %s, %s, topic, kafka_partition, 0, next_offset - %s "
        "FROM raw.consumer_offset",
        (target, target, short_by),
    )


def attached(connection: Connection[Any]) -> list[date]:
    return [each.day for each in read_days(connection) if each.attached and not each.detaching]


def test_days_to_come_are_made_once(lake: LakeSettings, connection: Connection[Any]) -> None:
    wanted = [TODAY + timedelta(days=number) for number in range(4)]
    assert maintenance.make_days(dry_run=True) == {"days_made": [str(day) for day in wanted]}
    assert attached(connection) == []
    assert maintenance.make_days() == {"days_made": [str(day) for day in wanted]}
    assert maintenance.make_days() == {"days_made": []}
    assert attached(connection) == wanted


def test_closed_days_are_indexed_frozen_and_analysed_and_today_is_left_alone(
    lake: LakeSettings, connection: Connection[Any], land_on: Callable[..., None]
) -> None:
    yesterday = TODAY - timedelta(days=1)
    land_on(yesterday)
    land_on(TODAY, first=2)

    assert maintenance.index_days() == {"days_indexed": [str(yesterday)], "days_busy": []}

    tables = dict(
        connection.execute(
            "SELECT relation.relname, count(*) FROM pg_index JOIN pg_class AS relation ON relation.oid = indrelid "
            "WHERE relation.relname LIKE 'trip_event_2%' GROUP BY 1"
        ).fetchall()
    )
    assert tables == {f"trip_event_{yesterday:%Y%m%d}": 1 + len(INDEXES), f"trip_event_{TODAY:%Y%m%d}": 1}
    closed = connection.execute(
        "SELECT relpages = relallvisible, relallvisible = relallfrozen, reltuples FROM pg_class WHERE relname = %s",
        (f"trip_event_{yesterday:%Y%m%d}",),
    ).fetchone()
    assert closed == (True, True, 4)
    assert maintenance.index_days() == {"days_indexed": [], "days_busy": []}


def test_half_an_index_is_made_anew(
    lake: LakeSettings, connection: Connection[Any], land_on: Callable[..., None]
) -> None:
    land_on(OLD)
    with connect(lake, application="test") as reader:
        # Its snapshot is older than the index, which has to wait for it.
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT count(*) FROM raw.trip_event")
        assert maintenance.index_days() == {"days_indexed": [], "days_busy": [str(OLD)]}
    invalid = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"
    assert connection.execute(invalid).fetchone() == (1,)

    assert maintenance.index_days() == {"days_indexed": [str(OLD)], "days_busy": []}
    assert connection.execute(invalid).fetchone() == (0,)


def test_an_old_day_goes_when_every_warehouse_has_it(
    lake: LakeSettings, connection: Connection[Any], land_on: Callable[..., None]
) -> None:
    recent = TODAY - timedelta(days=365)
    land_on(OLD)
    land_on(recent, first=2)
    maintenance.roll_up_trips()
    reconcile(connection)
    hours = connection.execute("SELECT * FROM lake.trip_hour ORDER BY hour").fetchall()

    dropped = {"days_dropped": [str(OLD)], "days_kept": {}, "dead_letters_deleted": 0}
    assert maintenance.drop_days(dry_run=True) == dropped
    assert attached(connection) == [OLD, recent]
    assert maintenance.drop_days() == dropped
    assert [each.day for each in read_days(connection)] == [recent]
    assert maintenance.drop_days() == {**dropped, "days_dropped": []}

    # The roll-up keeps what the day told, also when its trips are heard of again.
    land_on(TODAY, trips=1)
    maintenance.roll_up_trips()
    assert connection.execute("SELECT * FROM lake.trip_hour ORDER BY hour").fetchall() == hours


@pytest.mark.parametrize("missing", ["roll-up", "load", "range", "window", "second warehouse", "prepared warehouse"])
def test_an_old_day_that_somebody_needs_stays_and_says_who(
    lake: LakeSettings, connection: Connection[Any], land_on: Callable[..., None], missing: str
) -> None:
    land_on(OLD)
    if missing != "roll-up":
        maintenance.roll_up_trips()
    if missing != "load":
        reconcile(connection, short_by=1 if missing == "range" else 0)
    if missing == "window":
        connection.execute("UPDATE control.load SET state = 'published'")
    if missing == "second warehouse":
        reconcile(connection, "tripline.second_", short_by=1)
    if missing == "prepared warehouse":
        connection.execute("INSERT INTO control.warehouse_schema VALUES ('tripline.second_', 'x')")

    found = maintenance.drop_days()

    assert found["days_dropped"] == []
    told = {"roll-up": "not rolled up", "load": "no warehouse", "range": "tripline. has", "window": "tripline. has"}
    assert told.get(missing, "tripline.second_ has") in found["days_kept"][str(OLD)]
    assert attached(connection) == [OLD]


def test_nobody_waits_for_a_day_that_is_being_dropped(
    lake: LakeSettings,
    connection: Connection[Any],
    land_on: Callable[..., None],
    kafka_settings: KafkaSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    land_on(OLD)
    maintenance.roll_up_trips()
    reconcile(connection)
    landing = Lake(lake, kafka_settings.topic, 10)
    landing.offsets()
    found: list[dict[str, Any]] = []
    # It waits for the analyst longer than anybody would wait for it.
    monkeypatch.setenv("TRIPLINE_MAINTENANCE_LOCK_SECONDS", "20")
    dropping = Thread(target=lambda: found.append(maintenance.drop_days()))
    with connect(lake, application="analyst") as analyst:
        question = "SELECT count(*) FROM lake.trip_event"
        assert analyst.execute(question).fetchone() == (4,)
        dropping.start()
        wait_for(lambda: bool(connection.execute("SELECT FROM pg_inherits WHERE inhdetachpending").fetchall()))
        arrived = int(datetime.now(UTC).timestamp() * 1000)
        landing.land(Batch([Record(0, 2, arrived, b"k", b"{}", None)], [], {0: Move(2, 3)}))
        landing.land(Batch([Record(0, 3, arrived + 86_400_000, b"k", b"{}", None)], [], {0: Move(3, 4)}))
        (counted,) = connection.execute(question).fetchone() or (0,)
        assert dropping.is_alive(), "landing or a reader waited for maintenance"
        assert counted == 2, "the day that goes is not read any more"
    dropping.join()
    landing.disconnect()
    assert found[0]["days_dropped"] == [str(OLD)]


def test_a_day_that_is_read_for_too_long_is_left_to_the_next_run(
    lake: LakeSettings, connection: Connection[Any], land_on: Callable[..., None]
) -> None:
    land_on(OLD)
    maintenance.roll_up_trips()
    reconcile(connection)
    with connect(lake, application="analyst") as analyst:
        assert analyst.execute("SELECT count(*) FROM lake.trip_event").fetchone() == (4,)
        found = maintenance.drop_days()
    assert found["days_dropped"] == []
    assert "reading it" in found["days_kept"][str(OLD)]

    assert maintenance.drop_days()["days_dropped"] == [str(OLD)]


def test_what_lands_between_question_and_detachment_brings_the_day_back(
    lake: LakeSettings, connection: Connection[Any], land_on: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    land_on(OLD)
    maintenance.roll_up_trips()
    reconcile(connection)
    detach = retention._detach

    def late(*arguments: Any) -> None:
        land_on(OLD, trips=1, first=2)
        detach(*arguments)

    monkeypatch.setattr(retention, "_detach", late)

    assert "not rolled up" in maintenance.drop_days()["days_kept"][str(OLD)]
    assert attached(connection) == [OLD]
    assert connection.execute("SELECT count(*) FROM raw.trip_event").fetchone() == (6,)


def test_a_run_that_was_killed_between_its_changes_is_finished_by_the_next(
    lake: LakeSettings, connection: Connection[Any], land_on: Callable[..., None]
) -> None:
    land_on(OLD)
    maintenance.roll_up_trips()
    reconcile(connection)
    connection.execute(f"ALTER TABLE raw.trip_event DETACH PARTITION raw.trip_event_{OLD:%Y%m%d}")
    assert maintenance.drop_days()["days_dropped"] == [str(OLD)]
    assert read_days(connection) == []


def test_old_dead_letters_go_with_what_was_done_about_them(lake: LakeSettings, connection: Connection[Any]) -> None:
    for offset, age in enumerate((400, 364)):
        connection.execute(
            "INSERT INTO raw.dead_letter (topic, kafka_partition, kafka_offset, arrived_at, reason, error) "
            "VALUES ('t', 0, %s, now() - make_interval(days => %s), 'empty', 'no bytes')",
            (offset, age),
        )
        connection.execute(
            "INSERT INTO raw.dead_letter_fix (topic, kafka_partition, kafka_offset, fixed_by, method, message_value) "
            "VALUES ('t', 0, %s, 'me', 'patch', '{}')",
            (offset,),
        )
        connection.execute(
            "INSERT INTO raw.dead_letter_replay (topic, kafka_partition, kafka_offset, replayed_by) "
            "VALUES ('t', 0, %s, 'me')",
            (offset,),
        )
    assert maintenance.drop_days(dry_run=True)["dead_letters_deleted"] == 1
    assert maintenance.drop_days()["dead_letters_deleted"] == 1
    for table in ("dead_letter", "dead_letter_fix", "dead_letter_replay"):
        left = connection.execute(f"SELECT kafka_offset FROM raw.{table}").fetchall()  # noqa: S608
        assert left == [(1,)], table


def test_one_maintenance_at_a_time(lake: LakeSettings, connection: Connection[Any]) -> None:
    connection.execute(load_sql("postgres/maintenance/try_lock"))
    with pytest.raises(BusyError):
        maintenance.make_days()


def test_a_step_follows_another_though_the_server_notices_its_end_late(
    lake: LakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[Connection[Any]] = []

    def end(connection: Connection[Any]) -> None:
        ended.append(connection)

    with monkeypatch.context() as late:
        late.setattr(Connection, "close", end)
        for _ in range(2):
            maintenance.make_days()
            with open_store(lake, "trips") as store:
                store.lock_replays()
    assert len(ended) == 4
    for connection in ended:
        connection.close()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
