"""One run of the producer: pace, deliver, stop at a signal, and say what became of it."""

import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from types import FrameType
from typing import Generic

from contracts import console
from contracts.metrics import serve
from contracts.settings import KafkaSettings, ProducerSettings, load
from producer.delivery import Delivery
from producer.journal import open_journal
from producer.messages import Sendable
from producer.metrics import ProducerMetrics
from producer.pacing import Item, Pace, paced


@dataclass(frozen=True)
class Source(Generic[Item]):
    """Where messages come from: items, each with when it is due, and how those that are due now become messages.

    `expected` says how many items there will be, once that is known; `also` is what the summary shall show besides.
    """

    items: Iterable[tuple[int, Item]]
    to_messages: Callable[[list[Item]], Sequence[Sendable]]
    expected: Callable[[], int | None] = lambda: None
    also: Callable[[], dict[str, object]] = dict


def run_delivery(source: Source[Item], pace: Pace, *, as_json: bool = False) -> None:
    """Deliver what the source has and end with the summary.

    SIGINT or SIGTERM ends the items; what was produced is still waited for. Raises UnconfirmedDeliveryError unless
    all of it was acknowledged, UnreachableError when there is no broker to begin with, BusyError when another
    producer has the journal.
    """
    started = time.monotonic()
    kafka, settings, metrics = load(KafkaSettings), load(ProducerSettings), ProducerMetrics()
    with open_journal(settings.journal_folder, kafka.topic) as journal:
        delivery = Delivery(kafka, settings, journal=journal, metrics=metrics)
        port, host = settings.metrics_port, settings.metrics_host
        try:
            with serve(metrics.registry, port, host, ready=delivery.standstill):
                _deliver(delivery, source, pace)
        finally:
            seconds = round(time.monotonic() - started, 3)
            rows = {**delivery.report.counts(), **source.also(), "seconds": seconds}
            console.summary(f"Events on {kafka.topic}", rows, as_json=as_json)
    delivery.report.verify(kafka)
    if not as_json:
        console.say("Next: `python -m consumer run` lands them in the lake.")


def _deliver(delivery: Delivery, source: Source[Item], pace: Pace) -> None:
    with stop_on_signals() as stop, console.progress("acknowledged") as bar:

        def advance(rows: int) -> None:
            if expected := source.expected():
                bar.set_total(expected)
            bar.advance(rows)

        due = paced(source.items, pace, clock=time.monotonic, sleep=delivery.wait, stopped=stop.is_set)
        delivery.send(map(source.to_messages, due), stopped=stop.is_set, advance=advance)


@contextmanager
def stop_on_signals() -> Iterator[Event]:
    """Turn the first SIGINT or SIGTERM into an event to look at; a second one ends the process."""
    stop = Event()

    def request_stop(number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    before = {number: signal.signal(number, request_stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
