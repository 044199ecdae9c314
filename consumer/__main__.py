"""`python -m consumer`: prepare the lake, and land the topic's messages in it."""

import signal
import sys
from threading import Event
from types import FrameType
from typing import Annotated

import typer

from consumer.dead_letter_commands import app as dead_letters
from consumer.health import read_positions, verify_progress
from consumer.landing import Lake
from consumer.loop import Loop
from consumer.lost import find_lost, skip
from consumer.maintenance import drop_days, index_days, make_days, roll_up_trips
from consumer.metrics import registry
from consumer.migrate import migrate as apply_migrations
from consumer.report import Report
from consumer.roles import apply_roles
from consumer.status import Status
from contracts.broker import ensure_topic, partition_ranges
from contracts.console import errors_as_exit_codes, progress, summary
from contracts.lake import connect
from contracts.logs import configure_logs
from contracts.metrics import serve
from contracts.settings import ConsumerSettings, KafkaSettings, LakeSettings, MageSettings, RolesSettings, load

# A writer that has waited for Postgres is not to wait for the interpreter too; Python's default is ten times longer.
SWITCH_SECONDS = 0.0005
# A step waits for one landing, splits included; one that takes three times as long has got stuck.
LONGEST_STEP_LANDINGS = 3

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)
app.add_typer(dead_letters, name="dead-letters")

Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Log every step, and tracebacks.")]
UntilEnd = Annotated[
    bool, typer.Option("--until-end", help="Stop when everything that is in the topic at the start has landed.")
]


@app.command()
def migrate(
    roles: Annotated[
        bool, typer.Option("--roles", help="Make the lake's roles too, set their passwords and what each may do.")
    ] = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Create the topic when it is missing, and bring the lake's schema up to date. Safe to repeat."""
    with errors_as_exit_codes(verbose):
        configure_logs(verbose=verbose)
        kafka, lake = load(KafkaSettings), load(LakeSettings)
        applied = apply_migrations(lake)
        made = {"roles_made": apply_roles(lake, load(RolesSettings), load(MageSettings).database)} if roles else {}
        created = ensure_topic(kafka)
        figures = {"topic": kafka.topic, "topic_created": created}
        for name, done in {"migrations_applied": applied, **made}.items():
            figures[name] = done if as_json else ", ".join(done) or "none was missing"
        summary("Lake and topic are ready", figures, next_step="python -m consumer run", as_json=as_json)


@app.command()
def run(until_end: UntilEnd = False, as_json: Json = False, verbose: Verbose = False) -> None:
    """Land the topic's messages in the lake, each exactly once.

    Runs until SIGTERM or Ctrl-C, then lands what it holds and exits 0. Several at once share the partitions.
    """
    with errors_as_exit_codes(verbose):
        configure_logs(verbose=verbose)
        kafka, settings, lake_settings = load(KafkaSettings), load(ConsumerSettings), load(LakeSettings)
        highs = {each.partition: each.high for each in partition_ranges(kafka)}
        lakes = [Lake(lake_settings, kafka.topic, settings.landing_seconds) for _ in range(settings.writers)]
        stored = lakes[0].offsets()
        targets = highs if until_end else None
        total = sum(max(high - stored.get(part, 0), 0) for part, high in highs.items()) if until_end else None
        stop = Event()
        _stop_on_signals(stop)
        sys.setswitchinterval(SWITCH_SECONDS)
        with progress("landing", total) as bar:
            report = Report(bar)
            status = Status(LONGEST_STEP_LANDINGS * settings.landing_seconds)
            with serve(registry(report, status), settings.metrics_port, live=status.live, ready=status.ready):
                Loop(kafka, settings, lakes, report, status).run(stop, targets)
        summary("Landed in the lake", report.figures(), next_step="python -m warehouse run", as_json=as_json)


@app.command("skip-lost")
def skip_lost(
    confirmed: Annotated[bool, typer.Option("--yes", help="Do it; without, it only says what is lost.")] = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Go on behind what retention removed before it landed: those messages are lost. Stop the consumers before."""
    with errors_as_exit_codes(verbose):
        configure_logs(verbose=verbose)
        kafka = load(KafkaSettings)
        with connect(load(LakeSettings), application="skip-lost") as connection:
            gaps = find_lost(partition_ranges(kafka), read_positions(connection, kafka.topic))
            if confirmed:
                skip(connection, kafka.topic, gaps)
        figures: dict[str, object] = {
            "lost_messages": sum(move.end - move.start for move in gaps.values()),
            "partitions": {str(partition): list(move) for partition, move in gaps.items()},
            "skipped": confirmed,
        }
        next_step = "python -m consumer run" if confirmed or not gaps else "the same with --yes"
        summary("Removed by retention before it landed", figures, next_step=next_step, as_json=as_json)


@app.command()
def maintain(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Make the days to come, index the closed ones, bring the roll-ups up to date, drop what need not be kept.

    Safe to repeat, at any time: landing and analysts never wait for it, and what they are busy with is left to the next
    run. A day is dropped only when every warehouse has reconciled it; one that stays although it is old says why.
    """
    with errors_as_exit_codes(verbose):
        configure_logs(verbose=verbose)
        with progress("maintaining") as bar:
            figures = make_days(dry_run=dry_run) | index_days(dry_run=dry_run, advance=bar.advance)
            figures |= roll_up_trips(dry_run=dry_run, advance=bar.advance) | drop_days(dry_run=dry_run)
        if not as_json:
            figures |= {name: ", ".join(done) for name, done in figures.items() if isinstance(done, list)}
            figures["days_kept"] = "; ".join(f"{day}: {why}" for day, why in figures["days_kept"].items())
        title = "What maintenance would do" if dry_run else "The lake is maintained"
        summary(title, figures, as_json=as_json)


@app.command()
def health(
    within: Annotated[
        float, typer.Option(min=1, help="How long a partition with a lag may stand still, seconds.")
    ] = 60,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Exit with 0 when no partition stands still while messages wait in it, whoever consumes."""
    with errors_as_exit_codes(verbose):
        kafka, lake = load(KafkaSettings), load(LakeSettings)
        # Asked in this order: what arrives in between makes the lag smaller than it is, never larger.
        ranges = partition_ranges(kafka)
        with connect(lake, application="health") as connection:
            positions = read_positions(connection, kafka.topic)
        waiting = verify_progress(ranges, positions, within_seconds=within)
        summary("Messages land", {"topic": kafka.topic, "waiting": waiting}, as_json=as_json)


def _stop_on_signals(stop: Event) -> None:
    def on_signal(number: int, frame: FrameType | None) -> None:
        # The first asks, the second insists.
        signal.signal(number, signal.SIG_DFL)
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)


if __name__ == "__main__":
    app()
