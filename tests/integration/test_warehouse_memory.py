"""The memory of an extraction depends on its batches and row groups, and not on its window."""

import json
from collections.abc import Callable, Iterator

import pytest

from benchmarks.lake import Messages, land, messages, prepare
from contracts.settings import LakeSettings
from tests.support.commands import run
from tests.support.landed import trip_events

LIMIT = 512
"""What an extraction may take for any window, in MiB."""
NOISE = 32
"""By how much two runs of the same may differ, in MiB."""
LARGEST = 2**20


def usual() -> Messages:
    return messages("2026-01-01")


def large() -> Iterator[tuple[bytes, bytes]]:
    """Yield events as large as the consumer lets in, by a field that the contract does not know."""
    for event in trip_events(400):
        room = LARGEST - len(json.dumps({**event, "note": ""}))
        yield event["trip_id"].encode(), json.dumps({**event, "note": "x" * room}).encode()


@pytest.mark.parametrize(("events", "offsets"), [(usual, 25_000), (large, 200)])
def test_a_window_four_times_as_large_takes_no_more_memory(
    lake_settings: LakeSettings, environment: dict[str, str], events: Callable[[], Messages], offsets: int
) -> None:
    prepare(lake_settings)
    land(lake_settings, events(), 4 * offsets, lambda _rows: None)
    small, four_times = (peak(environment, each) for each in (offsets, 4 * offsets))
    assert four_times < LIMIT
    assert four_times < small + NOISE


def peak(environment: dict[str, str], offsets: int) -> float:
    """Return the most memory that a process had that extracted so many offsets, in MiB."""
    found = json.loads(run(environment, "tests.support.extract_alone", str(offsets)).stdout)
    assert found["accepted"] == found["landed"] == offsets
    return float(found["peak_mebibytes"])
