"""An event keeps every value on its way into Arrow, whose types and modes are BigQuery's."""

from datetime import UTC, date, datetime

import pyarrow as pa

from contracts.check import check
from contracts.event import TripEvent
from contracts.schema import EXAMPLES
from warehouse.columns import (
    ACCEPTED_COLUMNS,
    REJECTED_COLUMNS,
    Accepted,
    Landed,
    arrow_schema,
    bigquery_schema,
    record_batch,
)
from warehouse.extract import fare_of, judge

ARRIVED = 1_479_038_400_123_000


def landed(*payloads: bytes) -> Landed:
    count = len(payloads)
    return Landed(["trips"] * count, [3] * count, range(7, 7 + count), [ARRIVED] * count, payloads)


def example(name: str) -> bytes:
    return (EXAMPLES / "valid" / f"{name}.json").read_bytes()


def event_of(payload: bytes) -> TripEvent:
    event = check(payload)
    assert isinstance(event, TripEvent)
    return event


def accepted(payload: bytes) -> Accepted:
    return Accepted(landed(payload), [event_of(payload)])


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
    payloads = [path.read_bytes() for path in [*invalid[::2], *valid, *invalid[1::2]]]
    good, bad = judge(landed(*payloads))
    first = 7 + len(invalid[::2])
    assert good.landed.kafka_offset == list(range(first, first + len(valid)))
    assert good.event == [check(path.read_bytes()) for path in valid]
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
