"""Waiting grows, is bounded, and differs between consumers."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.backoff import FIRST_SECONDS, LONGEST_SECONDS, SEPARATE_SECONDS, Backoff, delay


@given(st.integers(1, 10_000), st.integers())
def test_delay_is_within_its_bounds(attempt: int, seed: int) -> None:
    assert FIRST_SECONDS / 2 <= delay(attempt, Random(seed)) <= LONGEST_SECONDS


@given(st.integers(1, 6))
def test_delay_doubles(attempt: int) -> None:
    assert delay(attempt + 1, Random(1)) == 2 * delay(attempt, Random(1))


def test_delay_is_capped() -> None:
    assert max(delay(100, Random(seed)) for seed in range(100)) > LONGEST_SECONDS * 0.9


def test_two_consumers_do_not_come_back_together() -> None:
    assert len({delay(5, Random(seed)) for seed in range(20)}) == 20


def test_failures_in_a_row_are_one_outage_until_something_lands() -> None:
    now = [100.0]
    backoff = Backoff(lambda: now[0], Random(1))
    for failures, time in enumerate((100.0, 110.0, 130.0), 1):
        now[0] = time
        assert backoff.fail() == pytest.approx(delay(failures, Random(1)), rel=1)
        assert (backoff.failures, backoff.seconds) == (failures, time - 100)
    backoff.succeed()
    assert (backoff.failures, backoff.seconds) == (0, 0)
    now[0] = 140.0
    backoff.fail()
    assert (backoff.failures, backoff.seconds) == (1, 0)


def test_failures_far_apart_are_two_outages() -> None:
    now = [0.0]
    backoff = Backoff(lambda: now[0], Random(1))
    for _ in range(5):
        backoff.fail()
        assert backoff.seconds == 0
        now[0] += SEPARATE_SECONDS + 1
