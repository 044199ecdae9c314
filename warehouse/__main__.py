"""`python -m warehouse`: load what has landed in the lake into BigQuery, and prove that it is all there."""

from typing import Annotated, Any

import typer

from contracts.console import errors_as_exit_codes, print_json, progress, say, summary, table, text
from contracts.lake import connect as connect_lake
from contracts.logs import configure_logs
from contracts.settings import BigQuerySettings, KafkaSettings, LakeSettings, load
from warehouse import reconciliation, restating_commands, steps
from warehouse.bigquery import connect
from warehouse.check_command import check
from warehouse.forecast_command import forecast
from warehouse.ledger import open_ledger
from warehouse.names import Target

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)
app.command()(check)
app.command()(forecast)

Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Log every step, and tracebacks.")]
Windows = Annotated[int | None, typer.Option("--windows", min=1, help="Stop after so many windows.")]

COUNTS = ("landed", "accepted", "rejected", "duplicate_equal", "duplicate_different")


@app.command()
def prepare(as_json: Json = False, verbose: Verbose = False) -> None:
    """Create the datasets, tables and views that are missing. Safe to repeat; `run` does it by itself."""
    with errors_as_exit_codes(verbose):
        configure_logs(verbose=verbose)
        summary("Warehouse is ready", steps.prepare(), next_step="python -m warehouse run", as_json=as_json)


@app.command()
def run(windows: Windows = None, as_json: Json = False, verbose: Verbose = False) -> None:
    """Load window after window until everything that has landed is in BigQuery, each reconciled.

    Killed anywhere, or run twice, it leaves the same tables. Two at once take turns.
    """
    with errors_as_exit_codes(verbose):
        configure_logs(verbose=verbose)
        totals: dict[str, int] = {"windows": 0, **dict.fromkeys(COUNTS, 0), "trips_touched": 0}
        while windows is None or totals["windows"] < windows:
            window = steps.plan()
            if window["load_id"] is None:
                break
            closed = _load(window, label=f"window {totals['windows'] + 1}")
            totals["windows"] += 1
            totals["trips_touched"] += closed["trips"]
            for name in COUNTS:
                totals[name] += closed[name]
        title = "Loaded into BigQuery, reconciled" if totals["windows"] else "Nothing new in the lake"
        summary(title, totals, next_step="python -m warehouse reconcile", as_json=as_json)


@app.command()
def reconcile(as_json: Json = False, verbose: Verbose = False) -> None:
    """Compare Kafka, lake and warehouse, counts and money; exit with 8 when they differ. Meant for a path at rest."""
    with errors_as_exit_codes(verbose):
        configure_logs(verbose=verbose)
        lake, bigquery = load(LakeSettings), load(BigQuerySettings)
        target = Target.of(bigquery)
        warehouse = connect(bigquery)
        with open_ledger(lake, target) as ledger, connect_lake(lake, application="reconcile") as connection:
            checks = [
                *reconciliation.check_topic(connection, load(KafkaSettings)),
                *reconciliation.check_backlog(connection, ledger),
                *reconciliation.check_warehouse(connection, warehouse, target, ledger),
            ]
        if as_json:
            print_json([{**each._asdict(), "difference": each.difference} for each in checks])
        else:
            _show_checks(checks)
        reconciliation.require(checks, where=f"target {target.key}")


@app.command()
def status(as_json: Json = False, verbose: Verbose = False) -> None:
    """Show the newest windows, and how many offsets are still to be loaded."""
    with errors_as_exit_codes(verbose):
        configure_logs(verbose=verbose)
        lake, target = load(LakeSettings), Target.of(load(BigQuerySettings))
        with open_ledger(lake, target) as ledger, connect_lake(lake, application="status") as connection:
            (backlog,) = reconciliation.check_backlog(connection, ledger)
            rows = [each._asdict() | {"ranges": len(each.ranges)} for each in ledger.newest(10)]
        if as_json:
            print_json({"target": target.key, "offsets_to_load": -backlog.difference, "windows": rows})
            return
        columns = ("load_id", "state", "offsets", *COUNTS)
        cells = [[_cell(row[name]) for name in columns] for row in rows]
        table(f"Newest windows of {target.key}", [name.replace("_", " ") for name in columns], cells)
        say(f"{-backlog.difference:,} offsets to load")


def _load(window: dict[str, Any], label: str) -> dict[str, Any]:
    load_id = window["load_id"]
    with progress(f"{label}: extract", window["offsets"]) as bar:
        steps.extract(load_id, bar.advance)
    for step in (steps.stage, steps.merge, steps.publish):
        say(f"{label}: {step.__name__}")
        step(load_id)
    say(f"{label}: reconcile")
    return steps.reconcile(load_id)


def _show_checks(checks: list[reconciliation.Check]) -> None:
    columns = ("check", "source", "value", "target", "value", "difference")
    rows = [
        [each.name, each.source, text(each.source_value), each.target, text(each.target_value), text(each.difference)]
        for each in checks
    ]
    table("Reconciliation (money in minor units)", columns, rows)


def _cell(value: object) -> str:
    return "" if value is None else text(value)


restating_commands.add_to(app)

if __name__ == "__main__":
    app()
