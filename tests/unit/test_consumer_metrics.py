"""The metrics show the report as it is, closed books included, and are the ones that the page names."""

import re
from collections.abc import Callable
from pathlib import Path

from prometheus_client import generate_latest

from consumer.batch import Batch, DeadLetter, Move, Record
from consumer.gate import Refusal
from consumer.metrics import DEFINITIONS, registry
from consumer.report import Report
from consumer.status import Status
from contracts.reasons import DeadLetterReason

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
NOW = 1_700_000_010.0


class Bar:
    def advance(self, rows: int) -> None:
        """Show nothing."""

    def set_total(self, rows: int) -> None:
        """Show nothing."""


def values(report: Report, status: Status) -> dict[str, float]:
    lines = generate_latest(registry(report, status)).decode().splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def record(offset: int, value: bytes = b'{"timestamp": 1700000000000}') -> Record:
    return Record(0, offset, 1_700_000_008_000, None, value, None)


def test_books_are_closed_at_every_step() -> None:
    report, status = Report(Bar(), now=lambda: NOW), Status(90)
    refusal = Refusal(DeadLetterReason.EMPTY, "no bytes")
    steps: tuple[Callable[[], None], ...] = (
        lambda: report.add(Batch([record(0), record(1)], [], {0: Move(0, 2)})),
        lambda: report.add(Batch([record(2)], [DeadLetter(record(3), refusal)], {0: Move(2, 4)})),
        lambda: report.add_duplicates(5),
        report.add_retry,
    )
    for step in steps:
        step()
        shown = values(report, status)
        dead = sum(value for name, value in shown.items() if name.startswith("tripline_consumer_dead_lettered_total"))
        landed, duplicate = shown["tripline_consumer_landed_total"], shown["tripline_consumer_duplicate_total"]
        assert shown["tripline_consumer_received_total"] == landed + duplicate + dead
    assert (landed, duplicate, dead) == (3, 5, 1)
    assert shown['tripline_consumer_dead_lettered_total{reason="empty"}'] == 1
    assert shown["tripline_consumer_retries_total"] == 1


def test_three_lags() -> None:
    report, status = Report(Bar(), now=lambda: NOW), Status(90)
    report.add(Batch([record(0)], [], {0: Move(0, 1)}))
    status.step(joined=True, not_read=set(), positions={0: 1, 4: 7}, waiting={0: 0, 4: 12})
    shown = values(report, status)
    assert shown['tripline_consumer_broker_lag_messages{partition="0"}'] == 0
    assert shown['tripline_consumer_broker_lag_messages{partition="4"}'] == 12
    assert shown["tripline_consumer_arrival_lag_seconds"] == 2
    assert shown["tripline_consumer_event_lag_seconds"] == 10


def test_a_message_that_is_no_event_has_no_event_lag() -> None:
    report = Report(Bar(), now=lambda: NOW)
    for value in (b"[1]", b"null", b'{"timestamp": "soon"}', b"{}"):
        report.add(Batch([record(0, value)], [], {0: Move(0, 1)}))
        assert report.counts.event_lag_seconds == 0


def test_the_page_names_every_metric_with_its_meaning() -> None:
    rows = re.findall(r"^\| `(tripline_consumer_\w+)` \| (.+?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [(each.name, each.meaning) for each in DEFINITIONS]
