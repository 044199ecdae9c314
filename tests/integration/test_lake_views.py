"""What an analyst asks the lake: typed columns whatever the rows hold, and one row a trip."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from consumer.batch import Batch, Move, Record
from consumer.landing import Lake
from consumer.migrate import migrate
from contracts.lake import connect
from contracts.schema import EXAMPLES
from contracts.settings import LakeSettings

VALID = {path.stem: json.loads(path.read_bytes()) for path in (EXAMPLES / "valid").iterdir()}
REJECTED = [path.read_bytes() for path in sorted((EXAMPLES / "invalid").glob("*/*.json"))]
ODD = [
    b"null", b"17", b'"text"', b"[]", b"{}", b'[{"event_id": "x"}]', b'{"timestamp": 1e300, "fare": []}',
    b'{"timestamp": "soon", "service_date": "infinity", "location": {"lat": "NaN", "lng": 1e308}, "event_types": "x"}',
    b'{"event_types": [["a"], ["b", "c"]], "service_date": "2016-02-30", "distance": 1.5, "fare": {"total": 1e300}}',
    b'{"trip_id": {"a": 1}, "event_id": [1], "pickup_area": 99999999999999999, "publication_time": -1}',
]  # fmt: skip


@pytest.fixture
def lake(lake_settings: LakeSettings) -> LakeSettings:
    migrate(lake_settings)
    return lake_settings


def land(lake: LakeSettings, payloads: list[Any]) -> None:
    values = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in payloads]
    records = [Record(0, offset, 1_714_564_800_000, None, value, None) for offset, value in enumerate(values)]
    landing = Lake(lake, "trips", 10)
    landing.register(0, 0)
    landing.land(Batch(records, [], {0: Move(0, len(records))}))
    landing.disconnect()


def rows(lake: LakeSettings, query: str) -> list[dict[str, Any]]:
    with connect(lake, application="test") as connection:
        connection.row_factory = dict_row  # type: ignore[assignment]
        return connection.execute(query.encode()).fetchall()  # type: ignore[return-value]


def instant(milliseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)


def test_a_valid_event_keeps_every_value(lake: LakeSettings) -> None:
    land(lake, list(VALID.values()))
    for event in VALID.values():
        (row,) = rows(lake, f"SELECT * FROM lake.trip_event WHERE event_id = '{event['event_id']}'")  # noqa: S608
        fare, location = event.get("fare") or {}, event.get("location") or {}
        assert row["occurred_at"] == instant(event["timestamp"])
        assert row["published_at"] == instant(event["publication_time"])
        assert row["service_date"] == date.fromisoformat(event["service_date"])
        assert (row["latitude"], row["longitude"]) == (location.get("lat"), location.get("lng"))
        assert (row["distance_metres"], row["duration_seconds"]) == (event.get("distance"), event.get("duration"))
        for name in ("schema_version", "event_types", "vehicle_state", "provider_id", "provider_name", "device_id"):
            assert row[name] == event.get(name)
        for name in ("vehicle_id", "trip_id", "pickup_area", "dropoff_area"):
            assert row[name] == event.get(name)
        for name in ("currency", "payment_type", "base_fare", "tolls", "extras", "tip", "total"):
            assert row[name] == fare.get(name)


def test_no_row_makes_a_query_fail(lake: LakeSettings) -> None:
    payloads = REJECTED + ODD
    land(lake, payloads)
    found = rows(lake, "SELECT * FROM lake.trip_event ORDER BY kafka_offset")
    assert len(found) == len(payloads)
    odd = found[len(REJECTED) :]
    assert all(row["occurred_at"] is None and row["published_at"] is None for row in odd)
    assert all(row["service_date"] is None and row["total"] is None and row["latitude"] is None for row in odd)
    rows(lake, "SELECT * FROM lake.trip")


def test_a_trip_is_what_its_newest_events_say(lake: LakeSettings) -> None:
    end = VALID["trip_end"]
    trip, later = end["trip_id"], end["publication_time"] + 1_000

    def event(number: int, *types: str, **changes: Any) -> dict[str, Any]:
        identity = f"00000000-0000-4000-8000-{number:012d}"
        return {**end, "event_id": identity, "event_types": list(types), **changes}

    adjusted = {**end["fare"], "tip": 500, "total": end["fare"]["total"] + 300}
    land(
        lake,
        [
            event(3, "fare_adjusted", publication_time=later + 5, fare=adjusted, distance=None),
            event(1, "reservation_start", timestamp=end["timestamp"] - 900_000, fare=None),
            event(2, "trip_stop", "trip_end"),
            event(2, "trip_stop", "trip_end"),
            event(2, "trip_stop", "trip_end", publication_time=later, distance=9_999),
            event(4, "reservation_start", trip_id="other", fare=None),
            event(5, "trip_end", trip_id="gone"),
            event(6, "trip_voided", trip_id="gone", publication_time=later, fare=None),
            event(7, "driver_cancellation", trip_id="cancelled", fare=None),
        ],
    )
    found = {row["trip_id"]: row for row in rows(lake, "SELECT * FROM lake.trip")}
    assert {name: row["outcome"] for name, row in found.items()} == {
        trip: "completed", "other": "open", "gone": "voided", "cancelled": "cancelled_by_driver",
    }  # fmt: skip
    assert found[trip]["events"] == 3
    assert found[trip]["distance_metres"] == 9_999
    assert (found[trip]["tip"], found[trip]["total"]) == (500, adjusted["total"])
    assert {name: row["revenue"] for name, row in found.items()} == {
        trip: adjusted["total"], "other": 0, "gone": 0, "cancelled": 0,
    }  # fmt: skip
    assert found[trip]["reserved_at"] == instant(end["timestamp"] - 900_000)
    assert found[trip]["stopped_at"] == found[trip]["ended_at"] == instant(end["timestamp"])


def test_arrival_days_outside_the_question_are_not_read(lake: LakeSettings) -> None:
    land(lake, [VALID["trip_end"]])
    with connect(lake, application="test") as connection:
        connection.execute("SELECT raw.ensure_day('2024-05-02')")
        plan = connection.execute(
            "EXPLAIN SELECT sum(total) FROM lake.trip_event WHERE arrived_at >= '2024-05-02 00:00+00'"
        ).fetchall()
    assert "trip_event_20240502" in str(plan)
    assert "trip_event_20240501" not in str(plan)


def test_a_row_without_its_partition_is_refused_and_not_lost_in_a_default_one(lake: LakeSettings) -> None:
    with connect(lake, application="test") as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("INSERT INTO raw.trip_event VALUES ('t', 0, 0, '2031-01-01', now(), NULL, '{}')")
