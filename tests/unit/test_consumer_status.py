"""Live means that the loop goes round; ready, that the data move."""

import pytest

from consumer.status import STANDSTILL_SECONDS, Status


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def status(clock: Clock) -> Status:
    return Status(90, clock)


def step(status: Status, position: int, waiting: int, *, not_read: frozenset[int] = frozenset()) -> None:
    status.step(joined=True, not_read=not_read, positions={3: position}, waiting={3: waiting})


def test_not_ready_before_the_group_has_given_a_share(status: Status) -> None:
    assert status.live() == ""
    assert status.ready() == "not in the group yet"
    status.step(joined=True, not_read=set(), positions={}, waiting={})
    assert status.ready() == ""


def test_a_loop_that_got_stuck_neither_lives_nor_is_ready(status: Status, clock: Clock) -> None:
    step(status, 5, 0)
    clock.now += 90
    assert status.live() == ""
    clock.now += 1
    assert "91 s" in status.live()
    assert status.ready() == status.live()


def test_not_ready_while_partitions_are_not_read(status: Status) -> None:
    step(status, 5, 0, not_read=frozenset({3}))
    assert "[3]" in status.ready()
    status.fail("The connection to Postgres was lost")
    assert "The connection to Postgres was lost" in status.ready()
    step(status, 5, 0)
    assert status.ready() == ""


def test_not_ready_while_messages_wait_and_none_lands(status: Status, clock: Clock) -> None:
    for _ in range(7):
        step(status, 5, 40)
        clock.now += STANDSTILL_SECONDS / 6
    assert "partition 3: 40 messages wait" in status.ready()
    step(status, 6, 39)
    assert status.ready() == ""


def test_nothing_to_do_is_no_standstill(status: Status, clock: Clock) -> None:
    for _ in range(3):
        step(status, 5, 0)
        clock.now += 80
        assert status.ready() == ""
    step(status, 5, 1)
    assert status.ready() == ""
    clock.now += 80
    assert "1 messages wait" in status.ready()
