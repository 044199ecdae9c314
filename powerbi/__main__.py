"""`python -m powerbi`: generate, check, preview and publish the report."""

import typer

from contracts.console import errors_as_exit_codes, summary
from powerbi import REPORT_FOLDER
from powerbi.design.write import write_report
from powerbi.model import read_model

app = typer.Typer(help="The Power BI report as text.", no_args_is_help=True, add_completion=False)


@app.callback()
def main() -> None:
    """The Power BI report as text."""


@app.command()
def generate(verbose: bool = typer.Option(False, help="Show tracebacks.")) -> None:
    """Write the report's files (PBIR) from powerbi/design."""
    with errors_as_exit_codes(verbose):
        write_report(REPORT_FOLDER, read_model())
        summary("Report written", {"folder": REPORT_FOLDER.name}, next_step="make powerbi-check")


if __name__ == "__main__":
    app()
