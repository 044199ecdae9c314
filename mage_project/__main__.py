"""`python -m mage_project`, with the Python of Mage's own environment: mage_project/.venv/bin/python."""

import json
import signal
import sys
from typing import Annotated, Any

import typer

from contracts import console
from contracts.console import errors_as_exit_codes
from contracts.errors import ConfigurationError
from contracts.settings import BigQuerySettings, LakeSettings, MageSettings, load
from mage_project import headless, server
from mage_project.result import RunResult
from warehouse.health import read_progress, verify_loads
from warehouse.names import Target

app = typer.Typer(add_completion=False, help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False)
Verbose = Annotated[bool, typer.Option("--verbose", help="Show the traceback of an error.")]


@app.command()
def run(
    pipeline: Annotated[str, typer.Argument(help="A folder in mage_project/pipelines.")] = "trips_to_bigquery",
    variables: Annotated[str, typer.Option(help="The pipeline's variables as a JSON object.")] = "{}",
    until_caught_up: Annotated[
        bool, typer.Option("--until-caught-up", help="Run again until a run finds nothing to do.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what each block returned, as JSON.")] = False,
    verbose: Verbose = False,
) -> None:
    """Run a pipeline once without a server; the exit code says whether it succeeded."""
    with errors_as_exit_codes(verbose):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        results = headless.run(
            pipeline,
            _object(variables),
            load(MageSettings),
            until_caught_up=until_caught_up,
            report=lambda result: console.say(_line(pipeline, result)),
        )
        if as_json:
            console.print_json({"pipeline": pipeline, "runs": [result.document() for result in results]})
            return
        for result in results:
            console.table(pipeline, ("block", "status", "seconds", "returned"), _rows(result))
        console.say("Next: `python -m warehouse status` shows what stands in BigQuery.")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 only inside a container.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the UI and the API.")] = 6789,
    verbose: Verbose = False,
) -> None:
    """Serve Mage's UI and run its schedules until stopped (Ctrl-C or SIGTERM), leaving no process behind."""
    with errors_as_exit_codes(verbose):
        server.serve(load(MageSettings), load(LakeSettings), host=host, port=port)


@app.command()
def health(
    within: Annotated[
        float, typer.Option(min=1, help="How long ago a window may have been completed while offsets wait, seconds.")
    ] = 300,
    verbose: Verbose = False,
) -> None:
    """Exit with 0 when what has landed is being loaded: a schedule can stand still in a live server."""
    with errors_as_exit_codes(verbose):
        target = Target.of(load(BigQuerySettings))
        progress = read_progress(load(LakeSettings), target)
        verify_loads(progress, within_seconds=within, target=target)
        console.summary("Windows are loaded", {"target": target.key, "waiting": progress.waiting})


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"Not JSON: {error}", where="--variables") from error
    if not isinstance(value, dict):
        raise ConfigurationError("Not a JSON object", where="--variables", remedy='For example: {"name": 1}.')
    return value


def _line(pipeline: str, result: RunResult) -> str:
    last = [block for block in result.blocks if block.output][-1:]
    return f"{pipeline}: {result.seconds:,.1f} s" + "".join(f", {b.block}: {_fields(b.output)}" for b in last)


def _rows(result: RunResult) -> list[tuple[str, str, str, str]]:
    return [
        (block.block, block.status.replace("_", " "), f"{block.seconds:.1f}", _fields(news))
        for block, news in zip(result.blocks, result.news(), strict=True)
    ]


def _fields(output: dict[str, Any]) -> str:
    return ", ".join(f"{name} {console.text(value)}" for name, value in output.items() if value is not None)


if __name__ == "__main__":
    app()
