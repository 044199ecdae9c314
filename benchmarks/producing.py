"""Simulation to acknowledged in the broker, against Kafka's own load generator."""

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

from benchmarks.machine import describe
from benchmarks.report import Figures, draw_bars, write
from benchmarks.rounds import Contender, Sample, median, take_turns
from contracts.settings import with_checkout
from stack.kafka_jars import KAFKA_VERSION
from stack.native import native_stack

KAFKA, TRIPLINE, REAL = "kafka-producer-perf-test", "Tripline: simulated city", "Tripline: real trips"


def compare(events: int, rounds: int, folder: Path, say: Callable[[str], object], *, publish: bool) -> Path:
    """Start a broker in `folder`, measure all on it, and write the figures; return their path."""
    with native_stack(folder, parts=("kafka",), say=say) as stack:
        environment = with_checkout(stack.environment())
        python = [sys.executable, "-m"]
        ours = [*python, "benchmarks.produce_with_tripline"]
        samples = take_turns(
            [
                Contender(KAFKA, [*python, "benchmarks.produce_with_kafka", f"{events}"], environment),
                Contender(TRIPLINE, [*ours, "simulate", f"{events}"], environment),
                Contender(REAL, [*ours, "replay", f"{events}"], environment),
            ],
            rounds,
            say,
        )
        for sample in (each for runs in samples.values() for each in runs):
            sample["bytes_per_event"] = _stored_bytes(folder, sample) / sample["events"]
    fastest = median(samples[KAFKA], "events_per_second")
    rows = []
    for name, runs in samples.items():
        rate = median(runs, "events_per_second")
        memory = "" if name == KAFKA else f"{median(runs, 'peak_mebibytes'):,.0f}"
        rows.append((name, rate, f"{rate / fastest:.2f}", median(runs, "bytes_per_event"), memory))
    figures = Figures(
        "producer",
        f"python -m benchmarks producer --events {events} --rounds {rounds}",
        ("lz4, idempotent, acks=all", "events/s", "of Kafka's own", "compressed bytes an event", "peak memory, MiB"),
        rows,
        rounds,
        describe(["confluent-kafka", "msgspec"]) | {"Kafka": KAFKA_VERSION},
    )
    if publish:
        draw_bars("producer_rate", "Acknowledged by the broker", [(row[0], row[1]) for row in rows], "events/s")
    return write(figures, samples, publish=publish, today=date.today())  # noqa: DTZ011 - the day here


def _stored_bytes(folder: Path, sample: Sample) -> int:
    return sum(segment.stat().st_size for segment in folder.rglob(f"{sample['topic']}-*/*.log"))
