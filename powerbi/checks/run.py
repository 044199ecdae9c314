"""All checks in one."""

from collections.abc import Iterator
from pathlib import Path

from powerbi import FOLDER
from powerbi.checks.contract import check_contract, committed_gold
from powerbi.checks.finding import Finding
from powerbi.checks.layout import check_accessibility, check_layout
from powerbi.checks.practices import check_practices
from powerbi.checks.references import check_model, check_report
from powerbi.checks.schemas import check_schemas
from powerbi.design.write import report_files, to_text
from powerbi.model import Model, read_model
from powerbi.pbir import read_report


def check_project(folder: Path = FOLDER) -> list[Finding]:
    """Return everything that is wrong with the project in `folder`.

    Raises BadInputError when a file cannot be read at all.
    """
    model = read_model(folder / "Tripline.SemanticModel")
    report_folder = folder / "Tripline.Report"
    report = read_report(report_folder)
    return [
        *check_schemas(folder),
        *check_model(model),
        *check_report(report, model, report_folder),
        *check_layout(report),
        *check_accessibility(report),
        *check_practices(model),
        *check_contract(model, committed_gold()),
        *check_generated(report_folder, model),
    ]


def check_generated(report_folder: Path, model: Model) -> Iterator[Finding]:
    """Say which generated files are not what powerbi/design makes."""
    made = report_files(model)
    for name, content in made.items():
        path = report_folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != to_text(content):
            yield Finding("GENERATED", name, "is not what `python -m powerbi generate` makes")
    for path in sorted((report_folder / "definition" / "pages").rglob("*.json")):
        if str(path.relative_to(report_folder)) not in made:
            yield Finding("GENERATED", path.name, "is not described in powerbi/design")
