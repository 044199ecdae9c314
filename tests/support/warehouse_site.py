"""A lake without Kafka and a warehouse on the emulator: land messages, load them, look at every row."""

import json
import os
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5
from zlib import crc32

from consumer.migrate import migrate
from contracts.lake import connect
from contracts.settings import BigQuerySettings, LakeSettings
from tests.support import gold_oracle
from tests.support.warehouse_oracle import Books, Message, Row, judge
from warehouse import steps
from warehouse.bigquery import BigQuery
from warehouse.bigquery import connect as connect_bigquery
from warehouse.names import Target, render

TOPIC = "trips.events.v1"
PARTITIONS = 3
ARRIVED = datetime(2026, 3, 1, 23, 59, 58, tzinfo=UTC)
_NAMESPACE = UUID("7a53a3f2-9df3-4a55-8f0e-2a4e0d7d1c11")
LIFECYCLE = ("reservation_start", "reservation_stop", "trip_start", "trip_stop", "trip_end")

STEPS = (steps.extract, steps.stage, steps.merge, steps.publish, steps.reconcile)

TABLES = {
    "rejected": "SELECT * FROM `{bronze}.rejected_event` ORDER BY kafka_partition, kafka_offset",
    "events": "SELECT * FROM `{silver}.trip_event` ORDER BY event_id, trip_id, service_date",
    "trips": "SELECT * FROM `{silver}.trip` ORDER BY trip_id, service_date",
    "dates": "SELECT * FROM `{gold}.dim_date` ORDER BY date_key",
    "zones": "SELECT * FROM `{gold}.dim_zone` ORDER BY zone_key",
    "provider days": "SELECT * FROM `{silver}.provider_day` ORDER BY service_date, provider_id",
    "vehicle days": "SELECT * FROM `{silver}.vehicle_day` ORDER BY service_date, vehicle_id, first_seen_at",
    "hours of the day": "SELECT * FROM `{gold}.dim_hour` ORDER BY hour_key",
    "providers": "SELECT * FROM `{gold}.dim_provider` ORDER BY provider_key",
    "vehicles": "SELECT * FROM `{gold}.dim_vehicle` ORDER BY vehicle_key",
    "payments": "SELECT * FROM `{gold}.dim_payment` ORDER BY payment_key",
    "outcomes": "SELECT * FROM `{gold}.dim_outcome` ORDER BY outcome_key",
    "facts": "SELECT * FROM `{gold}.fact_trip` ORDER BY trip_id, service_date",
    "fact events": "SELECT * FROM `{gold}.fact_trip_event` ORDER BY event_id, trip_id, service_date",
    "zone hours": "SELECT * FROM `{gold}.agg_zone_hour` ORDER BY service_date, hour_key, zone_key",
}


class Site:
    """One test's lake and warehouse, and every message that landed."""

    def __init__(self, lake: LakeSettings, bigquery: BigQuerySettings) -> None:
        migrate(lake)
        self.lake = lake
        self.target = Target.of(bigquery)
        self.bigquery: BigQuery = connect_bigquery(bigquery)
        self.messages: list[Message] = []
        self._next = dict.fromkeys(range(PARTITIONS), 0)

    def land(
        self, events: Sequence[Mapping[str, Any] | str], *, partition: int | None = None, skip_offsets: int = 0
    ) -> None:
        """Append messages in one transaction, as the consumer does: by trip to a partition, with its next offset.

        `partition` is where they all go instead; `skip_offsets` leaves that many offsets of each partition without a
        message, as dead letters do.
        """
        landed: list[Message] = []
        for number in self._next if skip_offsets else ():
            self._next[number] += skip_offsets
        for event in events:
            payload = event if isinstance(event, str) else json.dumps(event)
            key = event if isinstance(event, str) else str(event.get("trip_id"))
            number = crc32(key.encode()) % PARTITIONS if partition is None else partition
            landed.append(Message(number, self._next[number], payload))
            self._next[number] += 1
        with connect(self.lake, application="test") as connection, connection.cursor() as cursor:
            for day in {self._arrival(position).date() for position in range(len(landed))}:
                cursor.execute("SELECT raw.ensure_day(%s)", (day,))
            cursor.executemany(
                "INSERT INTO raw.trip_event (topic, kafka_partition, kafka_offset, arrived_at, payload) "
                "VALUES (%s, %s, %s, %s, %s)",
                [
                    (TOPIC, each.partition, each.offset, self._arrival(position), each.payload)
                    for position, each in enumerate(landed)
                ],
            )
            cursor.executemany(
                "INSERT INTO raw.consumer_offset VALUES (%s, %s, %s) "
                "ON CONFLICT (topic, kafka_partition) DO UPDATE SET next_offset = EXCLUDED.next_offset",
                [(TOPIC, number, offset) for number, offset in self._next.items()],
            )
        self.messages += landed

    def load_all(self, window_rows: int = 500_000) -> int:
        """Load everything that has landed, in windows of at most so many offsets; return how many windows it took.

        The steps find the site in the environment of this process.
        """
        os.environ["TRIPLINE_WAREHOUSE_WINDOW_ROWS"] = str(window_rows)
        windows = 0
        while (load_id := steps.plan()["load_id"]) is not None:
            self.finish(load_id)
            windows += 1
        return windows

    def finish(self, load_id: str) -> None:
        """Take a window through all steps after the plan."""
        for step in STEPS:
            step(load_id)

    def books(self) -> Books:
        """Return what must stand in the warehouse once everything is loaded."""
        return judge(self.messages)

    def query(self, sql: str) -> list[Row]:
        """Return the rows of a query over `{bronze}`, `{silver}` and `{gold}`."""
        return self.bigquery.query(render(sql, self.target), "test")

    def tables(self) -> dict[str, list[Row]]:
        """Return every row of every table."""
        return {name: self.query(sql) for name, sql in TABLES.items()}

    @property
    def work_folder(self) -> Path:
        """Where windows keep their files."""
        return Path(os.environ["TRIPLINE_WAREHOUSE_WORK_FOLDER"])

    def leftovers(self) -> list[str]:
        """Return the staging tables that are still there."""
        found = self.query("SELECT table_name FROM `{bronze}`.INFORMATION_SCHEMA.TABLES")
        return [row["table_name"] for row in found if row["table_name"] != "rejected_event"]

    def ledger(self, columns: str) -> list[tuple[Any, ...]]:
        """Return columns of the target's rows of control.load, oldest window first."""
        with connect(self.lake, application="test") as connection:
            windows = "(SELECT * FROM control.load WHERE target = %s ORDER BY sequence)"
            query = f"SELECT {columns} FROM {windows}"  # noqa: S608 - of a test
            return connection.execute(query.encode(), (self.target.key,)).fetchall()

    def set_state(self, state: str) -> None:
        """Put the windows back to a state, as if the process had died before it wrote down the next."""
        with connect(self.lake, application="test") as connection:
            connection.execute("UPDATE control.load SET state = %s", (state,))

    def verify(self) -> None:
        """Hold every row of silver and gold against what the landed messages say."""
        books, tables = self.books(), self.tables()
        verify_tables(books, tables)
        assert {
            (row["kafka_partition"], row["kafka_offset"]): (row["reason"], row["field"]) for row in tables["rejected"]
        } == (books.rejected)

    def _arrival(self, position: int) -> datetime:
        """The messages of one transaction arrive around midnight, on two days."""
        return ARRIVED + timedelta(seconds=position)


def verify_tables(books: Books, tables: Mapping[str, list[Row]]) -> None:
    """Hold every row of silver and gold, and the number of rejected events, against books told by plain Python."""
    totals = {
        (row["event_id"], row["trip_id"], row["service_date"].isoformat()): row["total"] for row in tables["events"]
    }
    assert totals == {key: event.fare and event.fare.total for key, event in books.events.items()}
    assert len(tables["events"]) == len(books.events)
    assert len(tables["facts"]) == len(tables["trips"]) == len(books.facts)
    for row in tables["facts"]:
        assert row == books.facts[row["trip_id"], row["service_date"]]
    facts = books.facts.values()
    assert tables["vehicles"] == books.vehicles
    assert tables["providers"] == gold_oracle.providers(facts)
    assert tables["zone hours"] == gold_oracle.hours(facts)
    assert tables["fact events"] == [
        {
            **gold_oracle.fact_event(books.events[key], books.facts[row["trip_id"], row["service_date"]]),
            "arrived_at": row["arrived_at"],
        }
        for key, row in zip(sorted(books.events), tables["events"], strict=True)
    ]
    assert all(row["provider_id"] and row["vehicle_key"] for row in tables["vehicle days"])
    assert len(tables["rejected"]) == len(books.rejected)


def trip(number: int, day: str = "2016-03-05", **changes: Any) -> list[dict[str, Any]]:
    """Return the five events of a completed trip of 14.25 USD, 3.2 km and 14 minutes; `changes` go to all of them."""
    start = int(datetime.fromisoformat(f"{day}T18:00:00+00:00").timestamp() * 1000) + number * 1000
    minutes = dict(zip(LIFECYCLE, (0, 4, 6, 20, 21), strict=True))
    return [event(number, kind, start + minutes[kind] * 60_000, service_date=day, **changes) for kind in LIFECYCLE]


def event(number: int, kind: str, at: int, *, service_date: str = "2016-03-05", **changes: Any) -> dict[str, Any]:
    """Return one event of a trip, which says what its kind has to say; a `changes` of None leaves a field out."""
    fare = {"currency": "USD", "payment_type": "cash", "base_fare": 1125, "tolls": 100, "extras": 50, "tip": 150}
    fields: dict[str, Any] = {
        "schema_version": "1.0",
        "event_id": identifier("event", number, kind),
        "event_types": [kind],
        "vehicle_state": "on_trip",
        "timestamp": at,
        "publication_time": at + 500,
        "provider_id": identifier("provider", number % 3),
        "provider_name": f"Taxi {number % 3}",
        "device_id": identifier("device", number % 5),
        "vehicle_id": str(number % 5),
        "trip_id": identifier("trip", number),
        "service_date": service_date,
        "location": {"lat": 41.88 + number / 1000, "lng": -87.63},
        "pickup_area": number % 77 + 1,
    }
    if kind in {"trip_stop", "trip_end"}:
        fields["dropoff_area"] = number * 7 % 77 + 1
    if kind == "trip_end":
        fields |= {"distance": 3219, "duration": 840, "fare": {**fare, "total": 1425}}
    return {name: value for name, value in {**fields, **changes}.items() if value is not None}


def charged(number: int, kind: str, at: int, total: int, **changes: Any) -> dict[str, Any]:
    """Return an event of a trip with a fare of `total` minor units."""
    fare = {"currency": "USD", "payment_type": "credit_card", "tolls": 0, "extras": 0, "tip": 0}
    return event(number, kind, at, fare={**fare, "base_fare": total, "total": total}, **changes)


def identifier(*parts: object) -> str:
    """Return the UUID of a thing of the tests."""
    return str(uuid5(_NAMESPACE, "/".join(map(str, parts))))


def milliseconds(text: str) -> int:
    """Return an ISO 8601 time in UTC as milliseconds since the epoch."""
    return int(datetime.fromisoformat(f"{text}+00:00").timestamp() * 1000)


def dirty_city() -> list[Any]:
    """Return trips of every outcome, with every kind of dirt, in an order that no clock knows."""
    late = milliseconds("2016-03-05T20:00:00")
    events: list[Any] = [each for number in range(12) for each in trip(number, f"2016-03-{number % 4 + 1:02}")]
    events += [event(20, "reservation_start", late), event(20, "passenger_cancellation", late + 60_000)]
    events += [event(21, "reservation_start", late), event(21, "driver_cancellation", late + 60_000)]
    events += [event(22, "reservation_start", late), event(22, "provider_cancellation", late + 60_000)]
    events += [event(23, "reservation_start", late), event(23, "trip_start", late + 60_000)]
    events += [*trip(30, distance=0, duration=0)[:4], charged(30, "trip_end", late, 0, distance=0, duration=0)]
    events += trip(31, provider_name=None, pickup_area=None, dropoff_area=None)
    events += trip(32, pickup_area=78, dropoff_area=9_000)
    events += [charged(33, "trip_end", late, -500)]
    stop_and_end = charged(
        34, "trip_end", late, 700, event_types=["trip_stop", "trip_end"], publication_time=late + 90_000
    )
    events += [*trip(34)[:3], stop_and_end]
    # Corrections, a year later and at once; the void of a trip that was adjusted before.
    events += [charged(1, "fare_adjusted", milliseconds("2017-03-06T12:00:00"), 2000, service_date="2016-03-02")]
    events += [charged(2, "fare_adjusted", late + 5, 1500, service_date="2016-03-03")]
    events += [event(2, "trip_voided", milliseconds("2016-09-01T00:00:00"), service_date="2016-03-03")]
    # The same event again: with equal content, published earlier, at the same time, and later.
    again = trip(5, "2016-03-02")[4]
    events += [again, again]
    events += [
        {**again, "publication_time": again["publication_time"] + shift, "vehicle_id": "9"} for shift in (-5, 0, 5)
    ]
    # What breaks the contract.
    events += ["{}", "[1, 2]", '"text"', "17", "null", {**again, "event_id": identifier("e"), "timestamp": "yesterday"}]
    events += [{**again, "event_id": identifier("f"), "fare": None}]
    random.Random(4).shuffle(events)
    return events
