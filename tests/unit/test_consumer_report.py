"""The figures of a run count what has landed, once, and name the offsets."""

from consumer.batch import Batch, DeadLetter, Move, Record
from consumer.gate import Refusal
from consumer.report import Report
from contracts.reasons import DeadLetterReason


class Bar:
    def __init__(self) -> None:
        self.rows = 0

    def advance(self, rows: int) -> None:
        self.rows += rows

    def set_total(self, rows: int) -> None:
        raise AssertionError(f"the total was known: {rows}")


def record(offset: int) -> Record:
    return Record(0, offset, 1_700_000_000_000, None, b"{}", None)


def test_figures() -> None:
    times = iter([10.0, 11.0, 14.0])
    bar = Bar()
    report = Report(bar, lambda: next(times), now=lambda: 1_700_000_002.5)
    empty = DeadLetter(record(12), Refusal(DeadLetterReason.EMPTY, "no bytes"))
    report.begin()
    report.begin()
    report.add(Batch([record(10), record(11)], [empty], {0: Move(10, 13)}))
    report.add(Batch([record(13)], [], {0: Move(13, 20), 4: Move(0, 2)}))
    assert bar.rows == 4
    report.add_duplicates(2)
    report.add_retry()
    assert report.figures() == {
        "received": 6,
        "landed": 3,
        "duplicates": 2,
        "dead_lettered": 1,
        "dead_letter_reasons": {"empty": 1},
        "retries": 1,
        "seconds": 4.0,
        "rows_per_second": 1,
        "partitions": {"0": [10, 20], "4": [0, 2]},
    }


def test_a_run_without_messages_has_no_rate() -> None:
    figures = Report(Bar()).figures()
    assert (figures["seconds"], figures["rows_per_second"], figures["partitions"]) == (0.0, 0, {})
