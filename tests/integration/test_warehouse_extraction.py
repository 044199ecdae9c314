"""Extraction reads the lake's own rows, whatever the pieces, and writes the same bytes for the same window."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from consumer.migrate import migrate
from contracts.errors import TransientError
from contracts.lake import connect
from contracts.settings import KafkaSettings, LakeSettings
from tests.support.children import children
from tests.support.landed import FARE_OF_A_TRIP, land, trip_events
from warehouse import extract as extraction
from warehouse.extract import Files, extract
from warehouse.lake import read_batches, read_committed
from warehouse.window import Range, next_window

TRIPS = 300


@pytest.fixture
def lake(lake_settings: LakeSettings, kafka_settings: KafkaSettings) -> LakeSettings:
    migrate(lake_settings)
    events = trip_events(TRIPS)
    land(lake_settings, kafka_settings, events[:TRIPS], arrived_at="2026-03-01 23:59:59.123+00")
    land(lake_settings, kafka_settings, events[TRIPS:], arrived_at="2026-03-02 00:00:00.001+00")
    return lake_settings


def whole(lake: LakeSettings) -> list[Range]:
    with connect(lake, application="test") as connection:
        committed, lowest = read_committed(connection)
    return next_window(committed, {}, lowest, sum(committed.values()))


def test_what_is_read_is_what_stands_in_the_lake(lake: LakeSettings) -> None:
    read: list[tuple[Any, ...]] = []
    with connect(lake, application="test") as connection:
        for each in whole(lake):
            for batch in read_batches(connection, each):
                read += zip(*batch, strict=True)
        stands = connection.execute(
            "SELECT topic, kafka_partition, kafka_offset, (extract(EPOCH FROM arrived_at) * 1000000)::bigint, "
            "convert_to(payload::text, 'UTF8') FROM raw.trip_event ORDER BY topic, kafka_partition, kafka_offset"
        ).fetchall()
    assert len(read) == 2 * TRIPS
    assert read == stands


def test_a_range_without_a_row_gives_no_batch(lake: LakeSettings) -> None:
    first = whole(lake)[0]
    beyond = first._replace(from_offset=first.to_offset, to_offset=first.to_offset + 10)
    with connect(lake, application="test") as connection:
        assert list(read_batches(connection, beyond)) == []


@pytest.mark.parametrize("piece", [7, 5_000])
def test_a_window_gives_the_same_bytes_again(
    lake: LakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    """Also when a process beside this one judges."""
    monkeypatch.setattr(extraction, "PIECE_OFFSETS", piece)
    contents = []
    for attempt, apart_from in (("first", 10_000), ("again", 10_000), ("apart", 1)):
        monkeypatch.setattr(extraction, "APART_OFFSETS", apart_from)
        files = Files(tmp_path / f"{attempt}.parquet", tmp_path / f"{attempt}.rejected.parquet")
        done: list[int] = []
        with connect(lake, application="test") as connection:
            found = extract(connection, whole(lake), files, done.append)
        assert found.landed == found.accepted == sum(done) == 2 * TRIPS
        assert found.fare_minor_units == TRIPS * FARE_OF_A_TRIP
        contents.append(files.accepted.read_bytes() + files.rejected.read_bytes())
    assert contents[0] == contents[1] == contents[2]


def test_a_judge_that_is_killed_leaves_no_file(
    lake: LakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extraction, "PIECE_OFFSETS", 7)
    monkeypatch.setattr(extraction, "APART_OFFSETS", 1)
    killed: list[int] = []

    def kill(_rows: int) -> None:
        killed.extend(each for each in children() if each not in before)
        for each in killed[:1]:
            os.kill(each, signal.SIGKILL)

    before = children()
    files = Files(tmp_path / "accepted.parquet", tmp_path / "rejected.parquet")
    with connect(lake, application="test") as connection, pytest.raises(TransientError, match="signal 9"):
        extract(connection, whole(lake), files, kill)
    assert killed
    assert list(tmp_path.iterdir()) == []
    assert children() == before
