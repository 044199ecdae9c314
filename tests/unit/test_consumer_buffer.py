"""The buffer takes what is expected, once, and knows when it is due."""

import pytest

from consumer.batch import Move, Record
from consumer.buffer import Buffer
from contracts.reasons import DeadLetterReason
from contracts.schema import EXAMPLES
from contracts.settings import ConsumerSettings


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def record(offset: int, partition: int = 0, value: bytes | None = b"{}") -> Record:
    return Record(partition, offset, 1_700_000_000_000, None, value, None)


def take(buffer: Buffer, *records: Record) -> int:
    return buffer.add(records[0].partition, records)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def buffer(clock: Clock) -> Buffer:
    made = Buffer(ConsumerSettings(batch_rows=3, batch_bytes=1_024, batch_seconds=2), clock)
    made.begin({0: 10, 1: 0})
    return made


def test_batch_starts_where_the_lake_stands_and_not_at_the_first_record(buffer: Buffer) -> None:
    take(buffer, record(14))
    assert buffer.drain().moves == {0: Move(10, 15)}


def test_offset_that_was_seen_or_has_landed_is_ignored(buffer: Buffer) -> None:
    for offset in (9, 10, 10, 9, 11, 10):
        take(buffer, record(offset))
    assert [each.offset for each in buffer.drain().records] == [10, 11]


def test_of_records_that_come_together_each_is_taken_once(buffer: Buffer) -> None:
    assert take(buffer, *map(record, (9, 10, 12, 10, 9, 13, 13))) == 4
    assert take(buffer, record(13), record(14)) == 1
    batch = buffer.drain()
    assert [each.offset for each in batch.records] == [10, 12, 13, 14]
    assert batch.moves == {0: Move(10, 15)}


def test_of_records_that_come_together_the_refused_one_alone_is_set_aside(buffer: Buffer) -> None:
    event = (EXAMPLES / "valid" / "trip_end.json").read_bytes()
    for offset in (10, 13):
        values = {offset: event, offset + 1: b"{", offset + 2: event}
        assert take(buffer, *[record(at, value=value) for at, value in values.items()]) == 0
    batch = buffer.drain()
    assert [each.offset for each in batch.records] == [10, 12, 13, 15]
    assert [(each.record.offset, each.refusal.reason) for each in batch.dead_letters] == [
        (11, DeadLetterReason.NOT_JSON),
        (14, DeadLetterReason.NOT_JSON),
    ]


def test_strangers_among_many_leave_the_order_as_it_was(clock: Clock) -> None:
    event = (EXAMPLES / "valid" / "trip_end.json").read_bytes()
    for strangers in ({0}, {63, 64}, {7, 30, 99}, set(range(100))):
        buffer = Buffer(ConsumerSettings(), clock)
        buffer.begin({0: 0})
        take(buffer, *[record(at, value=b"{" if at in strangers else event) for at in range(100)])
        batch = buffer.drain()
        assert [each.offset for each in batch.records] == [at for at in range(100) if at not in strangers]
        assert [each.record.offset for each in batch.dead_letters] == sorted(strangers)


def test_record_of_a_partition_that_is_not_read_is_ignored(buffer: Buffer) -> None:
    take(buffer, record(0, partition=7))
    buffer.forget([0])
    take(buffer, record(10))
    assert buffer.drain().moves == {}


def test_forgetting_a_partition_drops_its_records_alone(buffer: Buffer) -> None:
    take(buffer, record(10))
    take(buffer, record(0, partition=1))
    buffer.forget([0])
    batch = buffer.drain()
    assert [each.partition for each in batch.records] == [1]
    assert batch.moves.keys() == {1}


def test_after_landing_the_next_batch_follows(buffer: Buffer) -> None:
    take(buffer, record(10))
    buffer.landed(buffer.drain())
    take(buffer, record(10))
    take(buffer, record(11))
    assert buffer.drain().moves == {0: Move(11, 12)}


def test_draining_some_partitions_leaves_the_others(buffer: Buffer) -> None:
    take(buffer, record(10))
    take(buffer, record(0, partition=1, value=None))
    drained = buffer.drain([1])
    assert drained.moves == {1: Move(0, 1)}
    assert len(drained.dead_letters) == 1
    assert buffer.drain().moves == {0: Move(10, 11)}


def test_offsets_without_rows_move_the_partition(buffer: Buffer) -> None:
    buffer.skip_to(0, 12)
    buffer.skip_to(1, 0)
    buffer.skip_to(5, 9)
    assert buffer.drain().moves == {0: Move(10, 12)}


def test_due_by_rows_dead_letters_included(buffer: Buffer) -> None:
    take(buffer, record(10))
    take(buffer, record(11, value=None))
    assert not buffer.is_due()
    take(buffer, record(12))
    assert buffer.is_due()
    assert buffer.room == 0
    buffer.drain()
    assert not buffer.is_due()


def test_due_by_bytes(buffer: Buffer) -> None:
    take(buffer, record(10, value=b'"' + b"x" * 1_022 + b'"'))
    assert buffer.is_due()


def test_due_by_the_age_of_the_first_record(buffer: Buffer, clock: Clock) -> None:
    clock.now = 1_000.0
    assert not buffer.is_due()
    take(buffer, record(10))
    clock.now += 1.5
    take(buffer, record(11))
    assert buffer.seconds_left() == pytest.approx(0.5)
    assert not buffer.is_due()
    clock.now += 0.5
    assert buffer.is_due()


def test_reached_when_every_partition_is_buffered_up_to_its_target(buffer: Buffer) -> None:
    take(buffer, record(10))
    assert not buffer.has_reached({0: 11, 1: 1})
    take(buffer, record(0, partition=1))
    assert buffer.has_reached({0: 11, 1: 1})
    assert buffer.has_reached({0: 11})
