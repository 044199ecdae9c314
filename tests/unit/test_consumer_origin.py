"""The header that says whose replay a message is: read back as written, and nothing else is one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.batch import Batch, Move, Record
from consumer.origin import ORIGIN_HEADER, Origin, origin_of, replays_in, set_aside, with_origin
from contracts.reasons import DeadLetterReason

TOPICS = st.from_regex(r"[A-Za-z0-9._-]{1,30}", fullmatch=True)


@given(TOPICS, st.integers(0, 10**9 - 1), st.integers(0, 10**18 - 1))
def test_what_is_written_is_read(topic: str, partition: int, offset: int) -> None:
    origin = Origin(topic, partition, offset)
    earlier = [("a", b"1"), (ORIGIN_HEADER, b"other/1/2"), ("a", None)]
    headers = with_origin(earlier, origin)
    assert origin_of(headers) == origin
    assert headers[:-1] == [("a", b"1"), ("a", None)]


@pytest.mark.parametrize(
    "value", [None, b"", b"t/1", b"t/1/x", b"t/-1/2", b"t/1/2/3", b"t/1/9999999999999999999", b"\xff/1/2"]
)
def test_anything_else_is_no_origin(value: bytes | None) -> None:
    assert origin_of([(ORIGIN_HEADER, value)]) is None
    assert origin_of([("other", b"t/1/2")]) is None
    assert origin_of(None) is None


def test_repeated_replays_are_set_aside_and_the_rest_lands() -> None:
    def replay(offset: int, origin: int) -> Record:
        return Record(0, offset, 1_700_000_000_000, None, b"{}", with_origin([], Origin("t", 1, origin)))

    plain = Record(0, 6, 1_700_000_000_000, None, b"{}", None)
    batch = Batch([replay(5, 9), plain, replay(7, 4), replay(8, 9)], [], {0: Move(5, 9)})
    assert replays_in(batch) == [(Origin("t", 1, 4), 0, 7), (Origin("t", 1, 9), 0, 5), (Origin("t", 1, 9), 0, 8)]
    assert set_aside(batch, set()) is batch
    parted = set_aside(batch, {(0, 8)})
    assert [record.offset for record in parted.records] == [5, 6, 7]
    assert [letter.record.offset for letter in parted.dead_letters] == [8]
    assert parted.dead_letters[0].refusal.reason is DeadLetterReason.ALREADY_REPLAYED
    assert parted.moves == batch.moves
