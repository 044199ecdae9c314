"""A consumer is healthy when what waits gets landed, whatever its process says."""

import pytest

from consumer.health import Position, verify_progress
from contracts.broker import PartitionRange
from contracts.errors import TransientError


def waiting(high: int, *positions: Position, low: int = 0) -> int:
    return verify_progress([PartitionRange("trips", 0, low, high)], positions, within_seconds=60)


def test_nothing_to_do_is_health_however_long_ago_the_last_event_landed() -> None:
    assert waiting(10, Position(0, 10, 86_400)) == 0


def test_a_lag_that_gets_smaller_is_health() -> None:
    assert waiting(10, Position(0, 3, 59)) == 7


def test_events_that_retention_took_do_not_wait() -> None:
    assert waiting(10, Position(0, 3, 59), low=8) == 2


@pytest.mark.parametrize("positions", [[Position(0, 9, 61)], [Position(1, 10, 0)], []])
def test_a_partition_that_stands_still_is_not_health(positions: list[Position]) -> None:
    with pytest.raises(TransientError, match="topic trips, partition 0"):
        waiting(10, *positions)


def test_one_partition_that_stands_still_is_enough() -> None:
    ranges = [PartitionRange("trips", 0, 0, 10), PartitionRange("trips", 1, 0, 10)]
    with pytest.raises(TransientError, match="partition 1"):
        verify_progress(ranges, [Position(0, 9, 1), Position(1, 9, 61)], within_seconds=60)
