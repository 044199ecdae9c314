"""`python -m powerbi`: generate, check, preview and publish the report."""

import json
from pathlib import Path
from typing import Annotated

import typer

from contracts import console
from contracts.console import errors_as_exit_codes
from contracts.errors import BadInputError, ConfigurationError, FatalError
from contracts.settings import BigQuerySettings, PowerBISettings, load
from powerbi import FOLDER, MODEL_FOLDER, REPORT_FOLDER
from powerbi.checks.microsoft import check_pbir, check_tmdl, tools_are_installed
from powerbi.checks.run import check_project
from powerbi.design.write import write_report
from powerbi.evaluate import Measures
from powerbi.gold import gold_reader
from powerbi.model import read_model
from powerbi.pbir import read_report
from powerbi.preview.write import write_preview
from powerbi.publish.api import Api, credential_of
from powerbi.publish.items import publish_items
from powerbi.publish.run import find_model, planned_calls, refresh_and_wait, require
from powerbi.publish.run import publish as run_publish

app = typer.Typer(
    help="The Power BI report as text: its files, their checks, a preview, and publishing.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Json = Annotated[bool, typer.Option("--json", help="End with one JSON object on standard output.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Show the traceback of an error.")]


@app.command()
def generate(verbose: Verbose = False) -> None:
    """Write the report's files (PBIR) from powerbi/design."""
    with errors_as_exit_codes(verbose):
        write_report(REPORT_FOLDER, read_model())
        console.summary("Report written", {"folder": REPORT_FOLDER.name}, next_step="make powerbi-check")


@app.command()
def check(as_json: Json = False, verbose: Verbose = False) -> None:
    """Check model and report: schemas, references, DAX, M, layout, accessibility, best practice, gold's columns."""
    with errors_as_exit_codes(verbose):
        findings = check_project()
        microsoft = tools_are_installed()
        if microsoft:
            findings += [*check_tmdl(MODEL_FOLDER), *check_pbir(REPORT_FOLDER)]
        for finding in findings:
            console.say(str(finding))
        rows = {"findings": len(findings), "microsofts_own_tools": "ran" if microsoft else "not installed"}
        next_step = "" if microsoft else "make powerbi-tools installs Microsoft's own parser and validator (needs npm)"
        console.summary("Power BI project", rows, next_step=next_step, as_json=as_json)
        if findings:
            raise BadInputError("The Power BI project breaks its rules", where=str(FOLDER))


@app.command()
def preview(
    folder: Annotated[Path, typer.Option(help="Where the HTML, the PNGs and the numbers go.")] = Path("build/report"),
    note: Annotated[str, typer.Option(help="Says in the banner of which data the preview is.")] = "",
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Draw every page with the numbers of the model's own measures over gold, without Power BI."""
    with errors_as_exit_codes(verbose):
        model, settings = read_model(), load(BigQuerySettings)
        measures = Measures(model, gold_reader(settings))
        about = note or f"BigQuery project {settings.project}, dataset {settings.dataset_prefix}gold."
        with console.progress("drawing the report's pages") as progress:
            page = write_preview(folder, read_report(), measures, about, progress.advance)
        images = len(list(folder.glob("*.png")))
        console.summary("Preview", {"html": str(page), "images": images}, next_step=f"open {page}", as_json=as_json)


Environment = Annotated[
    str, typer.Argument(help="Read the settings from .env.<environment> instead of .env; the environment overrides.")
]


@app.command()
def publish(
    environment: Environment = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print every call and send none.")] = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Publish model and report, bind BigQuery, schedule, refresh, let the viewers in, and ask a question."""
    with errors_as_exit_codes(verbose):
        settings, model = _powerbi_settings(environment), read_model()
        if dry_run:
            for call in planned_calls(settings, model):
                body = f"  {json.dumps(call.body)}" if call.body else ""
                console.say(f"{call.purpose}: {call.method} {call.url}{body}")
            return
        require(settings)
        credential = credential_of(settings)
        result = run_publish(settings, Api(credential), lambda: publish_items(settings, credential, model))
        console.summary(
            "Published", result, next_step="assign people to the roles in the Power BI Service", as_json=as_json
        )


@app.command()
def refresh(environment: Environment = "", as_json: Json = False, verbose: Verbose = False) -> None:
    """Refresh the published model now and wait for its end: the last step after gold is loaded."""
    with errors_as_exit_codes(verbose):
        settings = _powerbi_settings(environment)
        require(settings)
        api = Api(credential_of(settings))
        model = find_model(settings, api)
        if model is None:
            raise FatalError("No model in the workspace", where=settings.workspace_id, remedy="make publish")
        console.summary("Refreshed", {"ended": refresh_and_wait(settings, api, model)}, as_json=as_json)


def _powerbi_settings(environment: str) -> PowerBISettings:
    file = Path(f".env.{environment}" if environment else ".env")
    if environment and not file.is_file():
        raise ConfigurationError("No settings for this environment", where=str(file), remedy="Copy .env.example.")
    return load(PowerBISettings, env_file=file)


if __name__ == "__main__":
    app()
