"""Waiting grows, is bounded, and differs between consumers."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from consumer.backoff import FIRST_SECONDS, LONGEST_SECONDS, delay


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
