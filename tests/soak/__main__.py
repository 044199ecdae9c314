"""`python -m tests.soak`: break producers, consumers, broker, lake and the links between them, for as long as told."""

import json
import secrets
import signal
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from contracts.console import errors_as_exit_codes, print_json, say, table, text
from contracts.errors import NotReconciledError
from stack.state import StackFolder
from tests.soak.judge import Outcome
from tests.soak.run import soak
from tests.support.commands import ROOT

app = typer.Typer(help=__doc__, add_completion=False)


@app.command()
def run(
    minutes: Annotated[float, typer.Option(min=0.1, help="How long faults go on.")] = 20,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Draws the same faults again; drawn itself if absent.")
    ] = None,
    report: Annotated[Path, typer.Option(help="Where the figures go.")] = ROOT / "build" / "soak.json",
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show tracebacks.")] = False,
) -> None:
    """Soak the path on a broker and a Postgres of its own; exit with 8 when anything is lost, doubled or changed."""
    with errors_as_exit_codes(verbose):
        seed = secrets.randbelow(2**31) if seed is None else seed
        for number in (signal.SIGINT, signal.SIGTERM):
            # Whoever ends a soak, and wherever it was started, it leaves nothing running.
            signal.signal(number, signal.default_int_handler)
        say(f"Soaking for {minutes:g} minutes with seed {seed} (again: make soak MINUTES={minutes:g} SEED={seed})")
        folder = StackFolder(Path(tempfile.mkdtemp(prefix="tripline-soak-")))
        folder.path.chmod(0o711)  # Postgres runs as another account when we are root.
        outcome = soak(folder.path, seed=seed, seconds=minutes * 60, say=say)
        folder.wipe()
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(json.dumps(outcome.as_json(), indent=2) + "\n", encoding="utf-8")
        if as_json:
            print_json(outcome.as_json())
        else:
            _show(outcome)
        if not outcome.is_clean:
            raise NotReconciledError("Something was lost, doubled or changed", where=f"seed {seed}, {report}")
        if not as_json:
            say(f"Next: {report} has the figures.")


def _show(outcome: Outcome) -> None:
    table("Faults", ("kind", "times"), [(kind, text(times)) for kind, times in sorted(outcome.faults.items())])
    figures = outcome.as_json()
    rows = [("faults", figures["faults"]), ("seconds", figures["seconds"])]
    rows += [(f"producers: {name}", value) for name, value in figures["producers"].items()]
    rows += [(f"lake: {name}", value) for name, value in figures["lake"].items()]
    table(f"Soak with seed {outcome.seed}", ("", ""), [(name.replace("_", " "), text(value)) for name, value in rows])


if __name__ == "__main__":
    app()
