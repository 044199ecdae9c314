"""The analyst's questions: they read only the days and indexes that they need; trips are what silver makes of them."""

import json
import os
from collections.abc import Iterator
from datetime import date
from typing import Any
from zlib import crc32

import pytest
from psycopg import Connection
from psycopg.rows import dict_row

from consumer.batch import Batch, Move, Record
from consumer.days import close_day, read_days
from consumer.landing import Lake
from consumer.migrate import migrate
from consumer.roll_up import advance, count_again, read_waiting, touched_dates
from contracts.lake import connect
from contracts.settings import LakeSettings
from contracts.sql import SQL_FOLDER, load_sql
from producer.simulate.dirt import DirtRates
from producer.simulate.plan import CityPlan, parse_start
from producer.simulate.stream import emissions
from stack.postgres import create_database, drop_database
from tests.support.warehouse_oracle import Message, judge

QUESTIONS = sorted(path.stem for path in (SQL_FOLDER / "postgres" / "answers").glob("*.sql"))
DAY = date(2026, 3, 3)
# No message against the contract: the lake does not judge it, and the warehouse would leave its event out.
DIRT = DirtRates(late=0.05, duplicated=0.1, conflicting=0.1, corrected=0.1, voided=0.05, malformed=0)
PLAN = CityPlan(seed=3, start=parse_start("2026-03-02T00:00"), trips_per_day=300)


class City:
    """A lake with three days of a dirty city, closed and rolled up, and every message in it."""

    def __init__(self, lake: LakeSettings) -> None:
        self.lake = lake
        migrate(lake)
        self.messages: list[Message] = []
        records: list[Record] = []
        ends = [0, 0, 0]
        for due, emission in emissions(PLAN, DIRT, limit=900):
            partition = crc32(emission.key.encode()) % 3
            records.append(Record(partition, ends[partition], due, None, emission.value, None))
            self.messages.append(Message(partition, ends[partition], emission.value.decode()))
            ends[partition] += 1
        # The same event id in another trip is another event.
        first = json.loads(self.messages[0].payload)
        stray = json.dumps({**first, "trip_id": "00000000-0000-4000-8000-000000000001"})
        records.append(Record(0, ends[0], records[-1].arrived_at, None, stray.encode(), None))
        self.messages.append(Message(0, ends[0], stray))
        ends[0] += 1
        landing = Lake(lake, "trips", 60)
        for partition in range(3):
            landing.register(partition, 0)
        landing.land(Batch(records, [], {partition: Move(0, end) for partition, end in enumerate(ends)}))
        landing.disconnect()
        with connect(lake, application="test", autocommit=True) as connection:
            for day in read_days(connection):
                close_day(connection, day)
            roll_up(connection)


def roll_up(connection: Connection[Any]) -> None:
    waiting = read_waiting(connection)
    for service_date in touched_dates(connection, waiting):
        count_again(connection, service_date)
    advance(connection, waiting)


@pytest.fixture(scope="module")
def city(lake_server: LakeSettings) -> Iterator[City]:
    lake = lake_server.model_copy(update={"database": f"test_lake_questions_{os.getpid()}"})
    create_database(lake)
    yield City(lake)
    drop_database(lake)


@pytest.fixture
def connection(city: City) -> Iterator[Connection[Any]]:
    with connect(city.lake, application="test") as found:
        yield found


def plan_of(connection: Connection[Any], question: str, **values: object) -> str:
    connection.execute("SET LOCAL enable_seqscan = off")
    rows = connection.execute(b"EXPLAIN " + load_sql(f"postgres/answers/{question}").encode(), values).fetchall()
    return "\n".join(row for (row,) in rows)


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_is_answered(connection: Connection[Any], question: str) -> None:
    trip_id, vehicle_id = connection.execute("SELECT trip_id, vehicle_id FROM lake.trip LIMIT 1").fetchone() or ("", "")
    values = {"day": DAY, "trip_id": trip_id, "vehicle_id": vehicle_id}
    answer = connection.execute(load_sql(f"postgres/answers/{question}"), values).fetchall()
    assert answer or question in {"dead_letters_by_reason", "events_of_a_vehicle"}


@pytest.mark.parametrize(
    ("question", "index"),
    [
        ("events_of_a_trip", "_trip_id"),
        ("events_of_a_vehicle", "_vehicle_id"),
        ("outcomes_of_a_day", "_service_date"),
        ("trips_by_hour_and_area", "trip_hour_grain"),
        ("busiest_areas", "trip_hour_grain"),
        ("revenue_by_day", "trip_hour_grain"),
    ],
)
def test_a_question_reads_by_its_index(connection: Connection[Any], question: str, index: str) -> None:
    plan = plan_of(connection, question, day=DAY, trip_id="x", vehicle_id="x")
    assert index in plan
    assert "Seq Scan" not in plan


@pytest.mark.parametrize("question", ["events_of_a_vehicle", "late_events", "landing_delay"])
def test_a_question_about_one_day_reads_one_day(connection: Connection[Any], question: str) -> None:
    plan = plan_of(connection, question, day=DAY, vehicle_id="x")
    assert f"trip_event_{DAY:%Y%m%d}" in plan
    assert "trip_event_20260302" not in plan


def test_a_trip_in_the_lake_is_the_trip_in_silver(city: City, connection: Connection[Any]) -> None:
    connection.row_factory = dict_row
    found: list[Any] = connection.execute("SELECT * FROM lake.trip").fetchall()
    facts = judge(city.messages).facts
    assert {(row["trip_id"], row["service_date"]) for row in found} == set(facts)
    same = (
        "outcome",
        "provider_id",
        "vehicle_id",
        "reserved_at",
        "on_scene_at",
        "started_at",
        "stopped_at",
        "ended_at",
    )
    for row in found:
        fact = facts[row["trip_id"], row["service_date"]]
        for name in (*same, "distance_metres", "duration_seconds"):
            assert row[name] == fact[name], (name, row["trip_id"])
        assert row["revenue"] == fact["revenue_minor_units"]
        assert (row["payment_type"] or "unknown") == fact["payment_type"]
        assert (row["currency"] or "XXX") == fact["currency"]
        assert (row["provider_name"] or "Unknown") == fact["provider_name"]


def test_the_roll_up_is_the_sum_of_the_trips_and_stays_so_when_late_events_come(
    city: City, connection: Connection[Any]
) -> None:
    sums = "sum(trips), sum(completed), sum(cancelled), sum(voided), sum(revenue)"
    rolled = f"SELECT service_date, {sums} FROM lake.trip_hour GROUP BY 1 ORDER BY 1"  # noqa: S608
    counted = (
        "SELECT service_date, count(*), count(*) FILTER (WHERE outcome = 'completed'), "
        "count(*) FILTER (WHERE outcome LIKE 'cancelled%'), count(*) FILTER (WHERE outcome = 'voided'), sum(revenue) "
        "FROM lake.trip GROUP BY 1 ORDER BY 1"
    )
    before = connection.execute(rolled.encode()).fetchall()
    assert before == connection.execute(counted.encode()).fetchall()

    # A trip is voided after its day has closed, and told of twice.
    end = next(event for event in map(json.loads, (each.payload for each in city.messages)) if event.get("fare"))
    void = {**end, "event_types": ["trip_voided"], "event_id": "00000000-0000-4000-8000-000000000002"}
    connection.execute("SELECT raw.ensure_day('2026-03-20')")
    for offset in (100_000, 100_001):
        connection.execute(
            "INSERT INTO raw.trip_event VALUES ('trips', 0, %s, '2026-03-20 12:00+00', now(), NULL, %s)",
            (offset, json.dumps({**void, "publication_time": end["publication_time"] + 10**9 + offset})),
        )
    connection.execute("UPDATE raw.consumer_offset SET next_offset = 100002 WHERE kafka_partition = 0")
    roll_up(connection)
    after = connection.execute(rolled.encode()).fetchall()
    assert after == connection.execute(counted.encode()).fetchall()
    assert sum(row[4] for row in after) == sum(row[4] for row in before) + 1
    connection.rollback()
