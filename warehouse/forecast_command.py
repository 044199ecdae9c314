"""`python -m warehouse forecast`: the coming week's demand into gold, or how good past weeks were predicted."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from contracts.console import errors_as_exit_codes, print_json, progress, say, summary, table, text
from contracts.logs import configure_logs

if TYPE_CHECKING:
    from warehouse.forecast.backtest import Score

Backtest = Annotated[
    int | None,
    typer.Option(
        "--backtest", min=1, help="Write nothing; score so many past weeks against the same hour a week before."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Log every step, and tracebacks.")]


def forecast(backtest: Backtest = None, as_json: Json = False, verbose: Verbose = False) -> None:
    """Predict the trips of each area and hour of the seven days after the newest complete one, into gold.

    The same history gives the same forecast. With too short a history nothing is written, and the reason is said.
    """
    with errors_as_exit_codes(verbose):
        configure_logs(verbose=verbose)
        # Imported late: no other command needs scikit-learn, which takes a second.
        from warehouse.forecast import steps  # noqa: PLC0415
        from warehouse.forecast.backtest import mean  # noqa: PLC0415

        with progress("history") as bar:
            if backtest is not None:
                scores, reason = steps.backtest(backtest, advance=bar.advance)
            else:
                result = steps.forecast(advance=bar.advance)
        if backtest is not None:
            _show(scores, mean(scores), reason, as_json=as_json)
            return
        title = "The coming week is in gold.forecast_zone_hour" if result["rows"] else "No forecast"
        rows = {name: value for name, value in result.items() if as_json or value is not None}
        summary(title, rows, next_step="python -m warehouse forecast --backtest 4", as_json=as_json)


def _show(scores: Sequence["Score"], means: Mapping[str, float | None], reason: str | None, *, as_json: bool) -> None:
    if as_json:
        print_json({"weeks": [each._asdict() for each in scores], "mean": means, "reason": reason})
        return
    if not scores:
        say(f"No backtest: {reason or 'it takes a week more than a forecast'}")
        return
    columns = ("week from", *(name.replace("_", " ") for name in scores[0]._fields[1:]))
    rows = [[str(each.first_day), text(each.trips), *map(_figure, each[2:])] for each in scores]
    rows.append(["mean", "", *map(_figure, means.values())])
    table("Past weeks, each predicted from those before; naive: the same hour a week before", columns, rows)
    say("Next: docs/forecast.md says what the figures mean.")


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
