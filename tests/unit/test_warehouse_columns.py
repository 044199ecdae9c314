"""An event keeps every value on its way into Arrow, whose types and modes are BigQuery's."""

import json
from datetime import UTC, date, datetime
from functools import reduce
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.check import check
from contracts.event import EARLIEST_MILLISECONDS, LATEST_MILLISECONDS, EventType, TripEvent
from contracts.schema import EXAMPLES
from warehouse.columns import (
    ACCEPTED_COLUMNS,
    REJECTED_COLUMNS,
    Accepted,
    Landed,
    arrow_schema,
    record_batch,
)
from warehouse.extract import divided
from warehouse.judging import fare_of, judge
from warehouse.staging import bigquery_schema

ARRIVED = 1_479_038_400_123_000


def landed(*payloads: bytes) -> Landed:
    count = len(payloads)
    return Landed(["trips"] * count, [3] * count, range(7, 7 + count), [ARRIVED] * count, payloads)


def example(name: str) -> bytes:
    return compact(EXAMPLES / "valid" / f"{name}.json")


def compact(path: Path) -> bytes:
    """Return a document as the lake gives it back: on one line."""
    return json.dumps(json.loads(path.read_bytes())).encode()


def event_of(payload: bytes) -> TripEvent:
    event = check(payload)
    assert isinstance(event, TripEvent)
    return event


def accepted(payload: bytes) -> Accepted:
    event_of(payload)
    return Accepted(landed(payload))


def test_a_row_holds_what_the_event_says() -> None:
    (found,) = record_batch(ACCEPTED_COLUMNS, accepted(example("trip_end"))).to_pylist()
    event = event_of(example("trip_end"))
    fare = event.fare
    assert fare is not None
    assert found["event_id"] == event.event_id
    assert found["event_types"] == ["trip_end"]
    assert found["service_date"] == date.fromisoformat(event.service_date)
    assert found["occurred_at"] == datetime.fromtimestamp(event.timestamp / 1000, UTC)
    assert found["published_at"] == datetime.fromtimestamp(event.publication_time / 1000, UTC)
    assert found["arrived_at"] == datetime(2016, 11, 13, 12, 0, 0, 123_000, UTC)
    assert (found["distance_metres"], found["duration_seconds"]) == (event.distance, event.duration)
    amounts = {name: found[name] for name in ("base_fare", "tolls", "extras", "tip", "total", "currency")}
    assert amounts == {name: getattr(fare, name) for name in amounts}
    assert (found["kafka_topic"], found["kafka_partition"], found["kafka_offset"]) == ("trips", 3, 7)


def test_absent_fields_are_null_and_never_a_default() -> None:
    (found,) = record_batch(ACCEPTED_COLUMNS, accepted(example("reservation_start"))).to_pylist()
    assert {found[name] for name in ("total", "currency", "distance_metres", "duration_seconds")} == {None}


def test_zero_is_kept_apart_from_null() -> None:
    payload = example("trip_end")
    zero = payload.replace(b'"distance": ', b'"distance": 0, "was": ')
    assert zero != payload
    (found,) = record_batch(ACCEPTED_COLUMNS, accepted(zero)).to_pylist()
    assert found["distance_metres"] == 0


def test_required_in_bigquery_is_required_in_the_file() -> None:
    """BigQuery refuses a file whose optional column meets a required one."""
    for columns in (ACCEPTED_COLUMNS, REJECTED_COLUMNS):
        fields = {field.name: field for field in bigquery_schema(columns)}
        for field in arrow_schema(columns):
            assert field.nullable == (fields[field.name].mode == "NULLABLE")
            assert pa.types.is_list(field.type) == (fields[field.name].mode == "REPEATED")


def test_good_and_bad_events_are_divided_and_none_is_lost() -> None:
    valid = sorted((EXAMPLES / "valid").glob("*.json"))
    invalid = sorted((EXAMPLES / "invalid").glob("*/*.json"))
    payloads = [compact(path) for path in [*invalid[::2], *valid, *invalid[1::2]]]
    good, bad = divided(landed(*payloads), judge(payloads).violations)
    first = 7 + len(invalid[::2])
    assert good.landed.kafka_offset == list(range(first, first + len(valid)))
    assert good.landed.payload == [compact(path) for path in valid]
    assert [violation.reason for violation in bad.violation] == [
        path.parent.name for path in [*invalid[::2], *invalid[1::2]]
    ]
    *_, last = record_batch(REJECTED_COLUMNS, bad).to_pylist()
    assert last["payload"].encode() == payloads[-1]
    assert (last["reason"], last["field"]) == bad.violation[-1]
    assert last["kafka_offset"] == 7 + len(payloads) - 1


def test_only_a_completed_trip_counts_into_the_money_sum() -> None:
    assert fare_of(event_of(example("trip_end"))) > 0
    assert fare_of(event_of(example("fare_adjusted"))) == 0
    assert fare_of(event_of(example("trip_start"))) == 0


def test_the_fingerprint_tells_contents_apart_and_fits_int64() -> None:
    first, again, other = landed(b"a", b"a", b"b").fingerprint
    assert first == again != other
    everything = landed(*(bytes([each]) for each in range(256))).fingerprint
    assert all(-(2**63) <= each < 2**63 for each in everything)
    assert len(set(everything)) == 256


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40)
MONEY = st.integers(-1_000_000_000, 1_000_000_000)
ANYTHING = st.recursive(st.none() | st.booleans() | st.integers() | TEXT, lambda part: st.lists(part, max_size=3))
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "vehicle_id": TEXT,
    "provider_name": st.none() | TEXT,
    "timestamp": st.integers(1_470_000_000_000, LATEST_MILLISECONDS),
    "publication_time": st.integers(EARLIEST_MILLISECONDS, LATEST_MILLISECONDS),
    "pickup_area": st.none() | st.integers(1, 32_767),
    "distance": st.none() | st.integers(0, 10_000_000),
    "location": st.none()
    | st.fixed_dictionaries({"lat": st.floats(-90, 90) | st.integers(-90, 90), "lng": st.floats(-180, 180)}),
    "event_types": st.lists(st.sampled_from(sorted(EventType)), min_size=1, max_size=4),
    "surprise": ANYTHING,
}


@st.composite
def events(draw: st.DrawFn) -> bytes:
    """Return a document that keeps the contract, with fields at their ends, absent, NULL, and of no contract."""
    event: dict[str, Any] = json.loads(example("trip_end"))
    event |= draw(st.fixed_dictionaries({}, optional=FIELDS))
    parts = {name: draw(MONEY.filter(lambda amount: abs(amount) < 2**27)) for name in ("base_fare", "tolls", "tip")}
    event["fare"] |= {**parts, "extras": 0, "total": sum(parts.values())}
    for name in draw(st.sets(st.sampled_from(["provider_name", "location", "pickup_area", "dropoff_area"]))):
        event.pop(name, None)
    if draw(st.booleans()):
        event |= {"event_types": ["trip_start"], "fare": None}
    return json.dumps(event, ensure_ascii=draw(st.booleans())).encode()


@settings(max_examples=60)
@given(st.lists(events(), min_size=1, max_size=5))
def test_arrow_reads_from_a_document_what_the_contract_has_read(payloads: list[bytes]) -> None:
    """The verdict is the typed model's, the values are Arrow's: they must be of one opinion."""
    events = [event_of(each) for each in payloads]
    batch = record_batch(ACCEPTED_COLUMNS, Accepted(landed(*payloads)))
    for column in ACCEPTED_COLUMNS:
        owner, *path = column.path.split(".")
        if owner == "event":
            said = [reduce(lambda part, name: part and getattr(part, name), path, each) for each in events]
            found = batch.column(column.name)
            if column.read_as is not None:
                found = found.cast(column.read_as)
            if column.type == "TIMESTAMP":
                found = found.cast(pa.int64())
            assert found.to_pylist() == said, column.name
