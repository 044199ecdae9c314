"""`python -m stack`: run, watch, stop and wipe the whole stack on this machine, without Docker."""

from pathlib import Path
from typing import Annotated

import typer

from contracts import console
from contracts.console import errors_as_exit_codes
from contracts.errors import ExitCode
from contracts.settings import StackSettings, load
from stack import down, status, up
from stack.demo import RESULT_FILE, run_demo
from stack.state import StackFolder

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Show the traceback of an error.")]


@app.command(name="up")
def start(
    detach: Annotated[bool, typer.Option("--detach", help="Return once everything runs; `down` stops it.")] = False,
    verbose: Verbose = False,
) -> None:
    """Run Kafka, Postgres, the BigQuery emulator, a simulated city, the consumer and Mage until Ctrl-C.

    Exit code 9 when a stack runs here already, 10 when a part dies (its log's tail is printed, the rest is stopped).
    """
    with errors_as_exit_codes(verbose):
        settings = load(StackSettings)
        if detach:
            code = up.detach(settings)
            if code:
                raise typer.Exit(code)
            console.say("Next: `python -m stack status` shows the data move, `python -m stack down` stops everything.")
            return
        up.run(settings)
        console.say("Everything is stopped; the data stay. Next: `python -m stack up` goes on, `clean` wipes them.")


@app.command()
def demo(
    result: Annotated[Path, typer.Option(help="Where the figures go, for scripts.")] = RESULT_FILE,
    verbose: Verbose = False,
) -> None:
    """Take the 15,000 real Chicago trips from Kafka to BigQuery, reconcile every figure, and show answers.

    Exit code 8 when a figure differs; else that of the step that failed. Nothing is left running.
    """
    with errors_as_exit_codes(verbose):
        run_demo(_folder().path / "demo", result)


@app.command(name="down")
def stop(json: Json = False, verbose: Verbose = False) -> None:
    """Stop what `up` started, also when its own process was killed. The data stay."""
    with errors_as_exit_codes(verbose):
        stopped = down.stop(_folder())
        rows = {"stopped": stopped if json else ", ".join(stopped) or "nothing ran"}
        console.summary("Down", rows, next_step="`python -m stack up` goes on where it was.", as_json=json)


@app.command(name="status")
def show_status(json: Json = False, verbose: Verbose = False) -> None:
    """Show which parts live and whether the data move: topic, lake, BigQuery.

    Exit code 0 when they do, 4 when no stack runs here, 10 when a part died or data stand still.
    """
    with errors_as_exit_codes(verbose):
        found = status.read_status(_folder())
        if json:
            console.print_json(found)
        else:
            status.show(found)
        if not found["moves"]:
            raise typer.Exit(ExitCode.PART_DIED)


@app.command()
def clean(json: Json = False, verbose: Verbose = False) -> None:
    """Stop everything and delete its data, logs and passwords. Downloads stay in the cache."""
    with errors_as_exit_codes(verbose):
        folder = _folder()
        down.stop(folder)
        wiped = down.wipe(folder)
        rows = {"folder": str(folder.path), "wiped": wiped}
        console.summary("Clean", rows, next_step="`python -m stack up` starts anew.", as_json=json)


def _folder() -> StackFolder:
    return StackFolder(Path(load(StackSettings).folder))


if __name__ == "__main__":
    app()
