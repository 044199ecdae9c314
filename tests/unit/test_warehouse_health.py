"""The load is healthy when what waits gets loaded, whatever Mage says."""

import pytest

from contracts.errors import TransientError
from warehouse.health import Progress, verify_loads
from warehouse.names import Target

TARGET = Target("tripline", "test_")


def verify(waiting: int, idle_seconds: float | None) -> None:
    verify_loads(Progress(waiting, idle_seconds), within_seconds=300, target=TARGET)


@pytest.mark.parametrize("idle_seconds", [None, 86_400])
def test_nothing_to_load_is_health_however_long_ago_the_last_load_was(idle_seconds: float | None) -> None:
    verify(0, idle_seconds)


def test_a_window_completed_lately_is_health() -> None:
    verify(1_000, 300)


@pytest.mark.parametrize("idle_seconds", [None, 301])
def test_a_backlog_that_nobody_loads_is_not_health(idle_seconds: float | None) -> None:
    with pytest.raises(TransientError, match=f"1,000 offsets.*target {TARGET.key}"):
        verify(1_000, idle_seconds)
