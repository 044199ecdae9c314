"""The real trips, fetched and verified: every figure that a ten-line script counts is in their events."""

import json
import subprocess
import sys
from collections import Counter
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.check import check
from contracts.event import EventType, TripEvent
from contracts.settings import ProducerSettings
from producer import fetch
from producer.fetch import chicago_trips
from producer.intake import Intake
from producer.mapping import load_mapping
from producer.replay import replay
from tests.support import chicago_truth

MAPPING = load_mapping("chicago")


@pytest.fixture(scope="module")
def files() -> list[Path]:
    return chicago_trips(ProducerSettings())


@pytest.fixture(scope="module")
def events(files: list[Path]) -> list[TripEvent]:
    return [event for _, event in replay(Intake(files, MAPPING))]


@pytest.fixture(scope="module")
def truth(files: list[Path]) -> dict[str, Any]:
    script = [sys.executable, chicago_truth.__file__, *map(str, files)]
    found: dict[str, Any] = json.loads(subprocess.run(script, check=True, capture_output=True).stdout)
    return found


def test_every_event_keeps_the_contract(events: list[TripEvent]) -> None:
    assert len(events) == 75_000
    assert all(check(msgspec.json.encode(event)) == event for event in events)


def test_ids_are_unique_and_a_trip_has_its_five_events(events: list[TripEvent]) -> None:
    assert len({event.event_id for event in events}) == 75_000
    assert set(Counter(event.trip_id for event in events).values()) == {5}


def test_events_come_in_order_of_time(events: list[TripEvent]) -> None:
    assert all(one.timestamp <= other.timestamp for one, other in pairwise(events))


def test_figures_are_those_of_the_files(events: list[TripEvent], truth: dict[str, Any]) -> None:
    ends = [event for event in events if event.event_types == [EventType.TRIP_END]]
    assert len(ends) == truth["trips"] == 15_000
    assert sum(event.fare.total for event in ends if event.fare) == truth["revenue_minor_units"]
    assert sum(event.distance for event in ends if event.distance) == truth["metres"]
    miles = sum(Decimal(str(round(event.distance / 1609.344, 2))) for event in ends if event.distance)
    assert miles == Decimal(truth["miles"])
    months = Counter(event.service_date[:7] for event in ends)
    revenue = Counter[str]()
    for event in ends:
        revenue[event.service_date[:7]] += event.fare.total if event.fare else 0
    assert {month: (months[month], revenue[month]) for month in months} == {
        month: (each["trips"], each["revenue_minor_units"]) for month, each in truth["months"].items()
    }


def test_dirty_rows_stay_visible_and_are_as_many_as_in_the_files(
    events: list[TripEvent], truth: dict[str, Any]
) -> None:
    ends = [event for event in events if event.event_types == [EventType.TRIP_END]]
    assert truth["dirty"] == {
        "zero_distance": sum(event.distance == 0 for event in ends),
        "zero_fare": sum(event.fare is not None and event.fare.base_fare == 0 for event in ends),
        "zero_duration": sum(event.duration == 0 for event in ends),
        "no_duration": sum(event.duration is None for event in ends),
        "too_fast": sum((event.distance or 0) * 1000 > 44_704 * (event.duration or 0) > 0 for event in ends),
        "no_company": sum(event.provider_name is None for event in ends),
        "no_dropoff_area": sum(event.dropoff_area is None for event in ends),
        "no_dropoff_location": sum(event.location is None for event in ends),
    }
    assert truth["dirty"]["no_company"] == 5140


def test_local_time_is_the_city_s(files: list[Path], events: list[TripEvent]) -> None:
    """The file has the local hour in a column of its own."""
    hours = Counter(line.split(",")[3] for file in files for line in file.read_text().splitlines()[1:])
    starts = [event for event in events if event.event_types == [EventType.TRIP_START]]
    found = Counter(str(datetime.fromtimestamp(event.timestamp / 1000, MAPPING.zone).hour) for event in starts)
    assert found == hours


def test_a_spoilt_cache_is_fetched_again(tmp_path: Path) -> None:
    settings = ProducerSettings(cache_folder=str(tmp_path))
    folder = fetch.cache_folder(settings)
    folder.mkdir()
    (folder / "data.csv").write_text("fare\n1\n")
    found = chicago_trips(settings)
    assert [fetch._is_intact(path, each) for path, each in zip(found, fetch.CHICAGO, strict=True)] == [True, True]
    assert sorted(path.name for path in folder.iterdir()) == ["data.csv", "data2.csv"]
