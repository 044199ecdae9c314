"""What the sinks came to, as a table: one row each, of those too that this machine could not measure."""

from datetime import date
from pathlib import Path
from typing import NamedTuple

from benchmarks import ours
from benchmarks.machine import describe
from benchmarks.report import Figures, draw_bars, write
from benchmarks.rounds import Sample, median
from stack.kafka_jars import KAFKA_VERSION

COLUMNS = (
    "from the topic to a table",
    "events",
    "steady, rows/s",
    "of the limit",
    "whole run, rows/s",
    "client, CPU s per 1,000,000",
    "Postgres, CPU s per 1,000,000",
    "peak memory, MiB a process",
)
Row = tuple[str | float, ...]


class Outcome(NamedTuple):
    """The runs of each sink, and for each that has none the reason."""

    samples: dict[str, list[Sample]]
    skipped: dict[str, str]


def rows(outcome: Outcome) -> list[Row]:
    """Return the medians of each sink in the order of COLUMNS; below them what was skipped or failed, and why."""
    limit = outcome.samples.get(ours.TWO_COPIES)
    measured = [
        _row(name, runs, median(limit, "steady_rate") if limit else None)
        for name, runs in outcome.samples.items()
        if runs and name not in outcome.skipped
    ]
    return measured + [(name, reason, *[""] * (len(COLUMNS) - 2)) for name, reason in outcome.skipped.items()]


def write_outcome(outcome: Outcome, command: str, rounds: int, *, publish: bool) -> Path:
    """Write the figures and return their path; with `publish`, the section of the page and its picture too."""
    table = rows(outcome)
    figures = Figures(
        "consumer",
        command,
        COLUMNS,
        table,
        rounds,
        describe(["confluent-kafka", "psycopg"]) | {"PostgreSQL": "18", "Kafka": KAFKA_VERSION},
    )
    if publish:
        bars = [(str(row[0]), row[2]) for row in table if isinstance(row[2], float)]
        draw_bars("consumer_rate", "Landed in Postgres, start-up left out", bars, "rows/s")
    samples = outcome.samples | {"skipped": outcome.skipped}
    return write(figures, samples, publish=publish, today=date.today())  # noqa: DTZ011 - the day here


def _row(name: str, runs: list[Sample], limit: float | None) -> Row:
    steady, millions = median(runs, "steady_rate"), runs[0]["events"] / 1_000_000
    return (
        name,
        f"{runs[0]['events']:,}",
        steady,
        f"{steady / limit:.2f}" if limit else "",
        median(runs, "whole_rate"),
        median(runs, "client_cpu_seconds") / millions,
        median(runs, "postgres_cpu_seconds") / millions,
        median(runs, "peak_mebibytes"),
    )
