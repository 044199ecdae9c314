"""`python -m benchmarks`: measure Tripline against others, on this machine, with nothing else running."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from contracts.console import errors_as_exit_codes, say
from contracts.logs import configure_logs

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)

Rounds = Annotated[int, typer.Option(min=1, help="How often each contender runs; the median counts.")]
Publish = Annotated[bool, typer.Option("--publish", help="Write the figures into docs/benchmarks.md.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Show tracebacks.")]


@app.command()
def extraction(
    events: Annotated[int, typer.Option(min=1, help="Events in the lake.")] = 1_000_000,
    rounds: Rounds = 3,
    publish: Publish = False,
    verbose: Verbose = False,
) -> None:
    """Lake to typed Parquet: Tripline's extraction against a pandas frame over psycopg2, as Mage loads it."""
    with _measuring(verbose) as folder:
        from benchmarks.extraction import compare  # noqa: PLC0415 - its imports take a second that --help does not need

        say(f"Figures: {compare(events, rounds, folder, say, publish=publish)}")


@app.command()
def producer(
    events: Annotated[int, typer.Option(min=1, help="Events that each sends.")] = 1_000_000,
    rounds: Rounds = 3,
    publish: Publish = False,
    verbose: Verbose = False,
) -> None:
    """Simulation to acknowledged in the broker: Tripline's producer against kafka-producer-perf-test."""
    with _measuring(verbose) as folder:
        from benchmarks.producing import compare  # noqa: PLC0415 - as above

        say(f"Figures: {compare(events, rounds, folder, say, publish=publish)}")


@app.command()
def consumer(
    events: Annotated[int, typer.Option(min=5_000, help="Events in the topic; slow contenders get fewer.")] = 1_000_000,
    rounds: Rounds = 3,
    only: Annotated[list[str] | None, typer.Option(help="Contenders, by a part of their names; all without.")] = None,
    publish: Publish = False,
    verbose: Verbose = False,
) -> None:
    """Topic to lake: Tripline's consumer against COPY, INSERT, Bento, Debezium's JDBC sink and Quix Streams."""
    with _measuring(verbose) as folder:
        from benchmarks.consuming import compare  # noqa: PLC0415 - as above

        say(f"Figures: {compare(events, rounds, folder, say, only=only or [], publish=publish)}")


@app.command()
def freshness(
    rate: Annotated[float, typer.Option(min=1, help="Events a second.")] = 500,
    minutes: Annotated[float, typer.Option(min=1, help="How long to measure, after two minutes to settle.")] = 5,
    publish: Publish = False,
    verbose: Verbose = False,
) -> None:
    """From event time to gold, with everything running as in `make up`."""
    with _measuring(verbose) as folder:
        from benchmarks.freshness import measure  # noqa: PLC0415 - as above

        say(f"Figures: {measure(rate, minutes, folder, say, publish=publish)}")


@app.command()
def incremental(
    old: Annotated[int, typer.Option(min=2, help="Events that stand in the warehouse at the end.")] = 5_000_000,
    new: Annotated[int, typer.Option(min=1, help="Events of each window that is measured.")] = 10_000,
    publish: Publish = False,
    verbose: Verbose = False,
) -> None:
    """A small window over nothing, half and all of a large warehouse, on the emulator: all steps, plan to reconcile."""
    with _measuring(verbose) as folder:
        from benchmarks.incremental import grow  # noqa: PLC0415 - as above

        say(f"Figures: {grow(old, new, folder, say, publish=publish)}")


@app.command()
def lake(
    events: Annotated[int, typer.Option(min=300_000, help="Events in the lake, 100,000 a day.")] = 1_000_000,
    rounds: Rounds = 3,
    publish: Publish = False,
    verbose: Verbose = False,
) -> None:
    """The analyst's questions to the lake, its upkeep, and the indexes of a closed day against others."""
    with _measuring(verbose) as folder:
        from benchmarks.lake_questions import measure  # noqa: PLC0415 - as above

        say(f"Figures: {measure(events, rounds, folder, say, publish=publish)}")


@contextmanager
def _measuring(verbose: bool) -> Iterator[Path]:
    """Lend a folder to what is measured, and turn errors into exit codes."""
    with errors_as_exit_codes(verbose), tempfile.TemporaryDirectory(prefix="tripline-benchmark-") as name:
        configure_logs(verbose=verbose)
        folder = Path(name)
        folder.chmod(0o711)  # Postgres runs as another account when we are root.
        yield folder


if __name__ == "__main__":
    app()
