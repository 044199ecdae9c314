"""`python -m warehouse check`: is what stands in BigQuery fresh, whole, and free of contradictions?"""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import typer

from contracts.console import errors_as_exit_codes, print_json, progress, say, table, text
from contracts.logs import configure_logs
from contracts.settings import BigQuerySettings, KafkaSettings, load
from warehouse import checks, quality
from warehouse.names import Target
from warehouse.quality import Finding, Kind, Status

Kinds = Annotated[list[Kind] | None, typer.Option("--kind", help="Ask this kind alone; may be given several times.")]
Everything = Annotated[bool, typer.Option("--all", help="Look at all days, not only at those touched of late.")]
Details = Annotated[bool, typer.Option("--details", help="Show green checks too.")]
Json = Annotated[bool, typer.Option("--json", help="Print all findings as one JSON list.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Log every step, and tracebacks.")]


def check(
    kind: Kinds = None,
    everything: Everything = False,
    details: Details = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Check freshness, volume, keys, ranges and books, publish the findings to gold; exit with 15 when one is red.

    Facts are asked within the service dates that windows touched of late (TRIPLINE_QUALITY_DAYS). Windows go on.
    """
    with errors_as_exit_codes(verbose):
        configure_logs(verbose=verbose)
        with progress("check") as bar:
            findings = checks.check(kind or tuple(Kind), everything=everything, kafka=load(KafkaSettings))
            bar.advance(len(findings))
        if as_json:
            print_json([{"check_name": each.check_name, **each._asdict()} for each in findings])
        else:
            show(findings, details=details)
        red = [each.check_name for each in quality.reds(findings)]
        quality.require_healthy(red, where=f"target {Target.of(load(BigQuerySettings)).key}")
        if not as_json and not findings:
            say("Nothing to check yet: there are no tables. Next: `python -m warehouse run` makes and fills them.")
        elif not as_json:
            say("Next: gold.health_check keeps these findings by day; docs/data-quality.md says what each means.")


def show(findings: Sequence[Finding], *, details: bool) -> None:
    """Print what is not green (with `details` all), and how many checks of each kind say what."""
    shown = [each for each in findings if details or each.status is not Status.GREEN]
    rows = [[each.check_name, each.status, _figure(each.observed), _bounds(each), each.detail] for each in shown]
    table("Findings", ("check", "status", "observed", "expected", "meaning"), rows)
    counted = Counter((each.kind, each.status) for each in findings)
    kinds = [kind for kind in Kind if any(each.kind is kind for each in findings)]
    totals = [[kind, *(text(counted[kind, status]) for status in Status)] for kind in kinds]
    table("Checks by kind", ("kind", *Status), totals)


def _bounds(finding: Finding) -> str:
    lower, upper = finding.lower, finding.upper
    if lower is None:
        return "" if upper is None else f"at most {_figure(upper)}"
    return f"{_figure(lower)} to {_figure(upper)}"


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:,.10g}" if value < 100 else f"{value:,.0f}"
