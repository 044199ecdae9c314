"""A producer is healthy when its events arrive, whatever its process says."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts.errors import TransientError
from producer.health import verify_arrivals

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def age(newest: datetime | None) -> float:
    return verify_arrivals(newest, NOW, within_seconds=60, topic="trips")


def test_a_young_event_is_health() -> None:
    assert age(NOW - timedelta(seconds=60)) == 60


def test_a_broker_whose_clock_is_ahead_is_no_illness() -> None:
    assert age(NOW + timedelta(seconds=3)) == 0


@pytest.mark.parametrize("newest", [None, NOW - timedelta(seconds=61)])
def test_silence_is_not_health(newest: datetime | None) -> None:
    with pytest.raises(TransientError, match="topic trips"):
        age(newest)
