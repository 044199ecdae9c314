"""The committed project is clean, and every check finds the defect that it is there for."""

import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from powerbi import FOLDER, MODEL_FOLDER, REPORT_FOLDER
from powerbi.checks import microsoft
from powerbi.checks.contract import check_contract, committed_gold
from powerbi.checks.finding import Finding
from powerbi.checks.layout import check_accessibility, check_layout, contrast
from powerbi.checks.practices import check_practices, unused_exceptions
from powerbi.checks.references import check_model, check_report
from powerbi.checks.run import check_generated, check_project
from powerbi.checks.schemas import check_schemas
from powerbi.design.pages import PAGES
from powerbi.design.write import stable_id, write_report
from powerbi.model import read_model
from powerbi.pbir import read_report

MODEL, REPORT = MODEL_FOLDER.name, REPORT_FOLDER.name
TABLES = f"{MODEL}/definition/tables"
PAGE = f"{REPORT}/definition/pages/{stable_id('overview')}"


def visual(key: str) -> str:
    return f"{PAGE}/visuals/{stable_id('overview', key)}"


def schemas(project: Path) -> Iterable[Finding]:
    return check_schemas(project)


def model(project: Path) -> Iterable[Finding]:
    return check_model(read_model(project / MODEL))


def report(project: Path) -> Iterable[Finding]:
    folder = project / REPORT
    return check_report(read_report(folder), read_model(project / MODEL), folder)


def eyes(project: Path) -> Iterable[Finding]:
    made = read_report(project / REPORT)
    return [*check_layout(made), *check_accessibility(made)]


def practices(project: Path) -> Iterable[Finding]:
    return check_practices(read_model(project / MODEL))


def contract(project: Path) -> Iterable[Finding]:
    return check_contract(read_model(project / MODEL), committed_gold())


def generated(project: Path) -> Iterable[Finding]:
    return check_generated(project / REPORT, read_model(project / MODEL))


ALT = "Lines of trips by month and of the trips one year before each"
MAP = stable_id("demand", "map")
PERCENT = "formatString: #,0.0%;-#,0.0%;#,0.0%"
DAY = "formatString: yyyy-mm-dd\n\t\tisAv"
THEME = f"{REPORT}/StaticResources/RegisteredResources/Tripline.json"

Check = Callable[[Path], Iterable[Finding]]

# The check, the file, what stands there, what is planted instead, the rule that must find it.
DEFECTS: list[tuple[Check, str, str, str, str]] = [
    (schemas, "Tripline.pbip", '"version"', '"verison"', "SCHEMA"),
    (schemas, f"{PAGE}/page.json", '"displayOption"', '"displayOptions"', "SCHEMA"),
    (schemas, f"{visual('months')}/visual.json", '"queryState"', '"queryStatus"', "SCHEMA"),
    (schemas, f"{visual('months')}/visual.json", "visualContainer/2.9.0", "visualContainer/9.9.9", "SCHEMA_UNKNOWN"),
    (schemas, f"{REPORT}/definition/version.json", "{", "{{", "JSON"),
    (model, f"{TABLES}/Trip.tmdl", "COUNTROWS(Trip)", "COUNTROWS(Trip", "DAX_SYNTAX"),
    (model, f"{TABLES}/Trip.tmdl", "DIVIDE([Revenue], [Miles])", "[Revenue] [Miles]", "DAX_SYNTAX"),
    (model, f"{TABLES}/Trip.tmdl", "DIVIDE([Revenue], [Miles])", "[Revenue] +", "DAX_SYNTAX"),
    (model, f"{TABLES}/Trip.tmdl", "DIVIDE([Revenue], [Miles])", "[Revenue] + * [Miles]", "DAX_SYNTAX"),
    (model, f"{TABLES}/Trip.tmdl", "VAR _newest = CALC", "VAR _latest = CALC", "DAX_REFERENCE"),
    (model, f"{TABLES}/Forecast.tmdl", "RETURN", "", "DAX_SYNTAX"),
    (model, f"{TABLES}/Trip.tmdl", "DIVIDE([Revenue], [Miles])", "DIVIDE([Revenue], [Mles])", "DAX_REFERENCE"),
    (model, f"{TABLES}/Trip.tmdl", "SUM(Trip[Revenue Amount])", "SUM(Trip[Revenu])", "DAX_REFERENCE"),
    (model, f"{TABLES}/Trip.tmdl", "SUM(Trip[Revenue Amount])", "SUM(Trips[Revenue Amount])", "DAX_REFERENCE"),
    (model, f"{TABLES}/Trip.tmdl", "SUM(Trip[Revenue Amount])", "SUMM(Trip[Revenue Amount])", "DAX_REFERENCE"),
    (model, f"{TABLES}/Trip.tmdl", "measure Tolls", "measure Tips", "MODEL_MEASURE"),
    (model, f"{TABLES}/Hour.tmdl", "sortByColumn: 'Hour Key'", "sortByColumn: 'Hour Number'", "MODEL_SORT_BY"),
    (model, f"{TABLES}/Date.tmdl", "column: Year", "column: Yaer", "MODEL_HIERARCHY"),
    (model, f"{TABLES}/Hour.tmdl", "dataType: int64", "dataType: string", "MODEL_RELATIONSHIP"),
    (model, f"{MODEL}/definition/relationships.tmdl", "Trip.'Hour Key'", "Trip.'Hour'", "MODEL_RELATIONSHIP"),
    (model, f"{MODEL}/definition/model.tmdl", "ref table Hour", "ref table Ghost", "MODEL_TABLES"),
    (model, f"{MODEL}/definition/roles/Central.tmdl", "'Pickup Area'[Side]", "'Pickup Area'[Sid]", "DAX_REFERENCE"),
    (model, f"{MODEL}/definition/roles/Central.tmdl", "tablePermission 'Pickup", "tablePermission 'Pick", "MODEL_ROLE"),
    (model, f"{TABLES}/Hour.tmdl", "BillingProject = BillingProject", "BillingProject = Payer", "M_PARAMETER"),
    (model, f"{TABLES}/Hour.tmdl", "[Name = Dataset,", '[Name = "gold",', "M_PARAMETER"),
    (model, f"{TABLES}/Hour.tmdl", 'Implementation = "2.0"', 'Implementation = "1.0"', "M_CONNECTOR"),
    (model, f"{TABLES}/Hour.tmdl", "[Data],\n", "[Data]\n", "M_SYNTAX"),
    (model, f"{TABLES}/Hour.tmdl", "}[Data]\n", "[Data]\n", "M_SYNTAX"),
    (model, f"{TABLES}/Stage.tmdl", '{"Completed", 4}', '{"Completed"}', "M_ROWS"),
    (report, f"{visual('months')}/visual.json", '"Trips Previous Year"', '"Trips Before"', "REPORT_FIELD"),
    (report, f"{visual('months')}/visual.json", '"Entity": "Date"', '"Entity": "Day"', "REPORT_FIELD"),
    (report, f"{visual('recent')}/visual.json", '"Days Before Newest"', '"Days Ago"', "REPORT_FIELD"),
    (report, f"{visual('recent')}/visual.json", '"Forecast Upper"', '"Forecast Above"', "REPORT_FIELD"),
    (report, f"{REPORT}/definition/report.json", '"path": "Tripline.json"', '"path": "Ghost.json"', "REPORT_RESOURCE"),
    (report, f"{REPORT}/definition.pbir", "../Tripline.SemanticModel", "../Ghost.SemanticModel", "REPORT_MODEL"),
    (eyes, f"{visual('months')}/visual.json", '"x": 16', '"x": 1216', "LAYOUT_CANVAS"),
    (eyes, f"{visual('months')}/visual.json", '"y": 480', '"y": 400', "LAYOUT_OVERLAP"),
    (eyes, f"{visual('months')}/visual.json", '"height": 228', '"height": 8', "LAYOUT_SIZE"),
    (eyes, f"{visual('months')}/visual.json", stable_id("overview", "months"), MAP, "LAYOUT_ID"),
    (eyes, f"{visual('months')}/mobile.json", '"width": 320', '"width": 640', "LAYOUT_PHONE"),
    (eyes, f"{visual('months')}/visual.json", f"'{ALT}'", "''", "A11Y_ALT_TEXT"),
    (eyes, f"{visual('months')}/visual.json", "'Trips a month, and one year earlier'", "''", "A11Y_TITLE"),
    (eyes, f"{visual('months')}/visual.json", '"tabOrder": 8000', '"tabOrder": 1000', "A11Y_TAB_ORDER"),
    (eyes, f"{visual('months')}/visual.json", '"tabOrder": 8000', '"tabOrder": 100', "A11Y_TAB_ORDER"),
    (eyes, THEME, "#1F5FA8", "#BBD5F5", "A11Y_CONTRAST"),
    (eyes, THEME, "#52606D", "#A0A8B0", "A11Y_CONTRAST"),
    (practices, f"{TABLES}/Date.tmdl", "dataCategory: Time", "isPrivate", "MODEL_SHOULD_HAVE_A_DATE_TABLE"),
    (practices, f"{TABLES}/Trip.tmdl", "dataType: decimal", "dataType: double", "AVOID_FLOATING_POINT_DATA_TYPES"),
    (practices, f"{TABLES}/Hour.tmdl", "/// Part of the day", "", "OBJECTS_WITH_NO_DESCRIPTION"),
    (practices, f"{TABLES}/Hour.tmdl", "summarizeBy: none", "summarizeBy: sum", "NUMERIC_COLUMN_SUMMARIZE_BY"),
    (practices, f"{TABLES}/Hour.tmdl", "isKey", "isNullable", "MARK_PRIMARY_KEYS"),
    (practices, f"{TABLES}/Hour.tmdl", "sourceColumn: day_part", "", "DATA_COLUMNS_MUST_HAVE_A_SOURCE_COLUMN"),
    (practices, f"{TABLES}/Trip.tmdl", "formatString: #,0\n", "", "PROVIDE_FORMAT_STRING_FOR_MEASURES"),
    (practices, f"{TABLES}/Trip.tmdl", PERCENT, "formatString: 0%", "PERCENTAGE_FORMATTING"),
    (practices, f"{TABLES}/Trip.tmdl", "formatString: #,0\n", "formatString: 0.000\n", "INTEGER_FORMATTING"),
    (practices, f"{TABLES}/Trip.tmdl", "displayFolder: Volume", "", "MEASURES_IN_DISPLAY_FOLDERS"),
    (practices, f"{TABLES}/Trip.tmdl", "DIVIDE([Revenue], [Miles])", "[Revenue]/[Miles]", "USE_THE_DIVIDE_FUNCTION"),
    (practices, f"{TABLES}/Trip.tmdl", "DIVIDE([Revenue], [Miles])", "IFERROR([Revenue], 0)", "AVOID_USING_THE_IF"),
    (practices, f"{TABLES}/Trip.tmdl", "DIVIDE([Revenue], [Miles])", "EVALUATEANDLOG([Revenue])", "EVALUATEANDLOG"),
    (practices, f"{TABLES}/Trip.tmdl", "DIVIDE([Revenue], [Miles])", "[Revenue]", "MEASURES_SHOULD_NOT_BE_DIRECT"),
    (practices, f"{TABLES}/Trip.tmdl", "DIVIDE([Revenue], [Miles])", "COUNTROWS(Trip)", "AVOID_DUPLICATE_MEASURES"),
    (practices, f"{TABLES}/Date.tmdl", "sortByColumn: 'Month Number'", "", "MONTH_(AS_A_STRING)_MUST_BE_SORTED"),
    (practices, f"{TABLES}/Trip.tmdl", "isAvailableInMdx: false", "", "ISAVAILABLEINMDX_FALSE"),
    (contract, f"{TABLES}/Hour.tmdl", "sourceColumn: day_part", "sourceColumn: daypart", "GOLD_COLUMN_MISSING"),
    (contract, f"{TABLES}/Hour.tmdl", '[Name = "dim_hour",', '[Name = "dim_hours",', "GOLD_TABLE_MISSING"),
    (contract, f"{TABLES}/Hour.tmdl", 'Kind = "Table"', 'Kind = "View"', "GOLD_KIND"),
    (contract, f"{TABLES}/Trip.tmdl", "dataType: decimal", "dataType: int64", "GOLD_TYPE"),
    (contract, f"{TABLES}/Trip.tmdl", DAY, DAY.replace("yyyy-mm-dd", "General"), "GOLD_TYPE"),
    (generated, f"{visual('months')}/visual.json", '"y": 480', '"y": 481', "GENERATED"),
]  # fmt: skip


@pytest.fixture(scope="session")
def clean_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("powerbi")
    for name in (MODEL, REPORT):
        shutil.copytree(FOLDER / name, folder / name)
    shutil.copy(FOLDER / "Tripline.pbip", folder)
    return folder


def test_the_committed_project_is_clean() -> None:
    assert check_project() == []


def test_every_exception_is_needed() -> None:
    assert unused_exceptions(read_model()) == set()


def test_generating_again_changes_nothing(clean_project: Path) -> None:
    before = {path: path.read_bytes() for path in (clean_project / REPORT).rglob("*") if path.is_file()}
    write_report(clean_project / REPORT, read_model())
    assert {path: path.read_bytes() for path in (clean_project / REPORT).rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("check", "file", "good", "bad", "rule"), DEFECTS, ids=[f"{each[4]}-{at}" for at, each in enumerate(DEFECTS)]
)
def test_a_planted_defect_is_found(  # noqa: PLR0913, PLR0917 - one line of the table
    clean_project: Path, check: Check, file: str, good: str, bad: str, rule: str
) -> None:
    path = clean_project / file
    text = path.read_text(encoding="utf-8")
    assert good in text, "the defect does not fit the file any more"
    path.write_text(text.replace(good, bad, 1), encoding="utf-8")
    try:
        found = {finding.rule for finding in check(clean_project)}
    finally:
        path.write_text(text, encoding="utf-8")
    assert any(each.startswith(rule) for each in found), found


def test_a_page_that_is_not_listed_is_found(clean_project: Path) -> None:
    listing = clean_project / REPORT / "definition" / "pages" / "pages.json"
    text = listing.read_text()
    content = json.loads(text)
    content["pageOrder"].pop()
    listing.write_text(json.dumps(content))
    try:
        assert "REPORT_PAGES" in {finding.rule for finding in report(clean_project)}
    finally:
        listing.write_text(text)


def test_five_pages_with_what_each_must_show() -> None:
    kinds = {page.name: {each.kind for each in page.visuals} for page in PAGES}
    assert list(kinds) == ["Overview", "Demand", "Operations", "Money", "Data health"]
    assert kinds["Overview"] >= {"cardVisual", "lineChart", "slicer", "actionButton"}
    assert kinds["Demand"] >= {"pivotTable", "clusteredBarChart", "azureMap"}
    assert kinds["Operations"] >= {"funnel", "lineChart", "clusteredColumnChart"}
    assert kinds["Money"] >= {"columnChart", "clusteredBarChart"}
    assert kinds["Data health"] >= {"tableEx", "clusteredBarChart"}


def test_roles_are_the_sides_of_the_city() -> None:
    seed = FOLDER.parent / "sql" / "bigquery" / "seed" / "community_area.csv"
    sides = {line.split(",")[2] for line in seed.read_text(encoding="utf-8").splitlines()[1:]}
    assert {role.name for role in read_model().roles} == sides


def test_contrast_is_wcags() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


needs_microsoft = pytest.mark.skipif(
    not microsoft.tools_are_installed(), reason="Microsoft's tools are not installed: make powerbi-tools (needs npm)"
)


@needs_microsoft
def test_microsofts_own_tools_find_nothing() -> None:
    assert list(microsoft.check_tmdl(MODEL_FOLDER)) == []
    assert list(microsoft.check_pbir(REPORT_FOLDER)) == []


@needs_microsoft
def test_microsofts_own_tools_find_planted_defects(tmp_path: Path) -> None:
    shutil.copytree(MODEL_FOLDER, tmp_path / MODEL)
    shutil.copytree(REPORT_FOLDER, tmp_path / REPORT)
    table = tmp_path / MODEL / "definition" / "tables" / "Hour.tmdl"
    table.write_text(table.read_text().replace("dataType: int64", "dataType: integer"))
    assert {finding.rule for finding in microsoft.check_tmdl(tmp_path / MODEL)} == {"MICROSOFT_TMDL"}
    chart = tmp_path / visual("months") / "visual.json"
    chart.write_text(chart.read_text().replace('"Category"', '"Axis"'))
    assert {finding.rule for finding in microsoft.check_pbir(tmp_path / REPORT)} >= {"MICROSOFT_PBIR_ROLE_UNKNOWN"}


def with_incremental_refresh(project: Path) -> Path:
    """Do what docs/powerbi.md says, on a copy of the model; return the copy."""
    shutil.copytree(MODEL_FOLDER, project / MODEL)
    document = (FOLDER.parent / "docs" / "powerbi.md").read_text(encoding="utf-8")
    parameters, policy = (block.split("\n```")[0] + "\n" for block in document.split("```tmdl\n")[1:])
    expressions = project / MODEL / "definition" / "expressions.tmdl"
    expressions.write_text(expressions.read_text(encoding="utf-8") + "\n" + parameters, encoding="utf-8")
    trip = project / TABLES / "Trip.tmdl"
    before, _ = trip.read_text(encoding="utf-8").split("\tpartition Trip = m\n")
    source = policy.partition("sourceExpression =\n")[2]
    partition = f"\tpartition Trip = m\n\t\tmode: import\n\t\tsource =\n{source}\n\tannotation PBI_ResultType = Table\n"
    trip.write_text(f"{before}{policy}\n{partition}", encoding="utf-8")
    return project / MODEL


def test_incremental_refresh_can_be_added_as_the_document_says(tmp_path: Path) -> None:
    changed = read_model(with_incremental_refresh(tmp_path))
    assert list(check_model(changed)) == []
    trip = changed.table("Trip")
    assert trip is not None
    assert "RangeStart" in trip.m
    assert len(list(changed.measures())) == len(list(read_model().measures()))


@needs_microsoft
def test_microsofts_parser_takes_incremental_refresh(tmp_path: Path) -> None:
    found = {finding.rule for finding in microsoft.check_tmdl(with_incremental_refresh(tmp_path))}
    assert "MICROSOFT_TMDL" not in found
