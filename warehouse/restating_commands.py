"""The commands that load or build again what is loaded: backfill, rebuild, as-of, diff, replay-rejected."""

import re
from datetime import UTC, datetime
from typing import Annotated

import typer

from contracts.console import Progress, errors_as_exit_codes, print_json, progress, say, summary, table, text
from contracts.errors import BadInputError
from contracts.logs import configure_logs
from contracts.reasons import RejectionReason
from contracts.settings import KafkaSettings, load
from warehouse import as_of as time_machine
from warehouse import rebuild as rebuilding
from warehouse.backfill import Selection
from warehouse.backfill import backfill as load_again
from warehouse.loading import Watch
from warehouse.replay import Filter
from warehouse.replay import replay_rejected as replay
from warehouse.restate import days_between, parse_day
from warehouse.window import Partition, Range

Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Log every step, and tracebacks.")]
First = Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help="First service date; all without.")]
Last = Annotated[str, typer.Option("--to", metavar="YYYY-MM-DD", help="Last service date, included; --from without.")]

rebuild = typer.Typer(help="Build tables again aside, and put them in place.", no_args_is_help=True)


class Shown(Watch):
    """Shows rows on a progress bar, and says each step."""

    def __init__(self, bar: Progress) -> None:
        self.set_total, self.advance = bar.set_total, bar.advance  # type: ignore[method-assign]

    def say(self, line: str) -> None:
        """Print the step."""
        say(line)


@rebuild.command("silver")
def rebuild_silver(first: First = "", last: Last = "", as_json: Json = False, verbose: Verbose = False) -> None:
    """Build silver from the lake, and gold with it; also brings back what was deleted in BigQuery.

    Whole, it goes on beside the ordinary windows; of some service dates, it holds the lock. It reads the whole lake
    either way: an event of any service date may have arrived on any day. Killed, it goes on when it is run again.
    """
    with errors_as_exit_codes(verbose):
        configure_logs(verbose=verbose)
        with progress("rebuild silver") as bar:
            found = rebuilding.rebuild_silver(days_between(first, last), Shown(bar))
        summary("Silver and gold are rebuilt", found, next_step="python -m warehouse reconcile", as_json=as_json)


@rebuild.command("gold")
def rebuild_gold(first: First = "", last: Last = "", as_json: Json = False, verbose: Verbose = False) -> None:
    """Build gold from silver: all of it, or of some service dates. Killed, it goes on when it is run again."""
    with errors_as_exit_codes(verbose):
        configure_logs(verbose=verbose)
        found = rebuilding.rebuild_gold(days_between(first, last), Spoken())
        summary("Gold is rebuilt", found, next_step="python -m warehouse reconcile", as_json=as_json)


class Spoken(Watch):
    """Says each step."""

    def say(self, line: str) -> None:
        """Print the step."""
        say(line)


def backfill(
    load_id: Annotated[str, typer.Option(help="A window, by its id in `status`.")] = "",
    offsets: Annotated[
        str, typer.Option(metavar="PARTITION:FROM-TO", help="The windows that meet these offsets, TO excluded.")
    ] = "",
    arrived_on: Annotated[
        str, typer.Option(metavar="YYYY-MM-DD", help="The windows with events that arrived on this UTC day.")
    ] = "",
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Load windows again that are loaded. The tables hold the same rows afterwards, however often."""
    with errors_as_exit_codes(verbose):
        configure_logs(verbose=verbose)
        selection = _selection(load_id, offsets, arrived_on)
        with progress("backfill") as bar:
            found = load_again(selection, Shown(bar))
        summary("Loaded again", found, next_step="python -m warehouse reconcile", as_json=as_json)


def as_of(
    prefix: Annotated[str, typer.Option(help="Prefix of the datasets to build, another than the warehouse's.")],
    time: Annotated[
        str, typer.Option(metavar="ISO-8601", help="What had arrived at this time; UTC when it names no zone.")
    ] = "",
    offset: Annotated[
        list[str], typer.Option(metavar="PARTITION=OFFSET", help="What lies below; a partition not named is left out.")
    ] = [],  # noqa: B006 - typer copies it
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Build the warehouse as it was at a time, or below offsets of the lake, in datasets of its own.

    Today's contract and SQL make it, from the events of that time. Killed, it goes on when it is run again.
    """
    with errors_as_exit_codes(verbose):
        configure_logs(verbose=verbose)
        if bool(time) == bool(offset):
            raise BadInputError("Name a time or offsets", where="--time or --offset")
        if not re.fullmatch(r"[a-z0-9_]{1,64}", prefix):
            raise BadInputError("Not a prefix of datasets", where="--prefix", remedy="a-z, 0-9 and _ only.")
        with progress(f"as of {time or ' '.join(offset)}") as bar:
            moment = _moment(time) if time else None
            found = time_machine.as_of(prefix, moment, dict(map(_ceiling, offset)), Shown(bar))
        summary("Built as it was", found, next_step=f'python -m warehouse diff {prefix} ""', as_json=as_json)


def diff(
    before: Annotated[str, typer.Argument(help="Prefix of one warehouse.")],
    after: Annotated[str, typer.Argument(help='Prefix of the other; "" where there is none.')],
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show the trips that differ between two warehouses: added, gone, changed in which columns, and the money."""
    with errors_as_exit_codes(verbose):
        configure_logs(verbose=verbose)
        found = time_machine.diff(before, after)
        if as_json:
            changes = [each._asdict() for each in found.changes]
            print_json({**found.totals(), "changes": changes, "examples": found.examples})
            return
        columns = ("change", "columns_changed", "trips", "revenue_minor_units")
        _rows("How trips differ (money in minor units)", columns, [each._asdict() for each in found.changes])
        names = ("trip_id", "service_date", "change", "revenue_before", "revenue_after")
        _rows("Trips with the most money", names, found.examples)
        summary("Difference", found.totals())


def replay_rejected(
    reason: Annotated[RejectionReason | None, typer.Option(help="Only events rejected for this.")] = None,
    arrived_on: Annotated[
        str, typer.Option(metavar="YYYY-MM-DD", help="Only events that arrived on this UTC day.")
    ] = "",
    load_id: Annotated[str, typer.Option(help="Only events of this window.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge, and move nothing.")] = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Judge rejected events by today's contract, and move those that pass into silver and gold.

    What a window then loads more, it rejects less: its books stay closed. control.replayed_event names every event.
    """
    with errors_as_exit_codes(verbose):
        configure_logs(verbose=verbose)
        day = parse_day("--arrived-on", arrived_on) if arrived_on else None
        found = replay(Filter(reason, day, load_id or None), dry_run=dry_run)
        title = "Would be replayed" if dry_run else "Replayed"
        summary(title, found, next_step="python -m warehouse reconcile", as_json=as_json)


def add_to(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(rebuild, name="rebuild")
    app.command()(backfill)
    app.command("as-of")(as_of)
    app.command()(diff)
    app.command("replay-rejected")(replay_rejected)


def _rows(title: str, columns: tuple[str, ...], rows: list[dict[str, object]]) -> None:
    table(title, [name.replace("_", " ") for name in columns], [[text(row[name]) for name in columns] for row in rows])


def _moment(value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise BadInputError("Not a time", where="--time", remedy="For example: 2026-03-01T12:00:00Z.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _ceiling(value: str) -> tuple[Partition, int]:
    found = re.fullmatch(r"(\d+)=(\d+)", value)
    if found is None:
        raise BadInputError("Not an offset of a partition", where="--offset", remedy="For example: 0=1500.")
    return Partition(load(KafkaSettings).topic, int(found[1])), int(found[2])


def _selection(load_id: str, offsets: str, arrived_on: str) -> Selection:
    if sum(map(bool, (load_id, offsets, arrived_on))) != 1:
        raise BadInputError("Name windows in one way", where="--load-id, --offsets or --arrived-on")
    if load_id:
        return Selection(load_id=load_id)
    return Selection(range=_range(offsets)) if offsets else Selection(arrived_on=parse_day("--arrived-on", arrived_on))


def _range(text: str) -> Range:
    try:
        partition, _, span = text.partition(":")
        start, _, end = span.partition("-")
        return Range(load(KafkaSettings).topic, int(partition), int(start), int(end))
    except ValueError as error:
        raise BadInputError("Not a range of offsets", where="--offsets", remedy="For example: 3:1200-1500.") from error
