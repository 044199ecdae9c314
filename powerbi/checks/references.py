"""What refers to what: report to model, model to itself, DAX and M to the model, files to files."""

import re
from collections.abc import Iterator
from pathlib import Path

from powerbi.checks.dax import check_dax
from powerbi.checks.finding import Finding
from powerbi.model import Model, Table
from powerbi.pbir import FieldReference, Report, field_references, read_json

_STEP = re.compile(r"^ *(?:#\"[^\"]+\"|\w+) = ", re.MULTILINE)
_WINDOW = {"RangeStart", "RangeEnd"}
"""Reserved names of incremental refresh, which only a table with a policy uses."""
_CONNECTOR = "GoogleBigQuery.Database("


def check_report(report: Report, model: Model, folder: Path) -> Iterator[Finding]:
    """Check the fields that visuals use, the theme, and that pages and folders agree."""
    for visual in report.visuals():
        for field in sorted(set(field_references(visual.content))):
            if not _exists(field, model):
                yield Finding("REPORT_FIELD", str(visual), f"no {field.kind.lower()} {field.table}[{field.name}]")
    listed = {page.id for page in report.pages}
    there = {path.parent.name for path in (folder / "definition" / "pages").glob("*/page.json")}
    for page in sorted(listed ^ there):
        yield Finding("REPORT_PAGES", page, "is not both in pages.json and a folder")
    report_file = read_json(folder / "definition" / "report.json")
    for package in report_file.get("resourcePackages", []):
        for item in package["items"]:
            if not (folder / "StaticResources" / package["name"] / item["path"]).is_file():
                yield Finding("REPORT_RESOURCE", item["name"], "the file is not there")
    by_path = read_json(folder / "definition.pbir").get("datasetReference", {}).get("byPath", {}).get("path", "")
    if not (folder / by_path / "definition.pbism").is_file():
        yield Finding("REPORT_MODEL", "definition.pbir", f"no semantic model at {by_path!r}")


def check_model(model: Model) -> Iterator[Finding]:
    """Check the model's references to itself."""
    for table in model.tables:
        yield from _table(table, model)
    for each in model.relationships:
        ends = [model.column(*end) for end in (each.source, each.target)]
        if None in ends:
            yield Finding("MODEL_RELATIONSHIP", each.name, "a column of it is not there")
        elif len({end.type for end in ends if end}) > 1:
            yield Finding("MODEL_RELATIONSHIP", each.name, "joins columns of two types")
    for name in sorted(set(model.named_tables) ^ {table.name for table in model.tables}):
        yield Finding("MODEL_TABLES", name, "is not both in model.tmdl and a file")
    for role in model.roles:
        for restricted, dax in role.filters.items():
            if model.table(restricted) is None:
                yield Finding("MODEL_ROLE", role.name, f"no table {restricted}")
            yield from check_dax(f"role {role.name}", dax, model)
    names = [measure.name for measure in model.measures()]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Finding("MODEL_MEASURE", f"[{name}]", "there are two of that name")
    for measure in model.measures():
        yield from check_dax(str(measure), measure.dax, model)


def _table(table: Table, model: Model) -> Iterator[Finding]:
    columns = {column.name for column in table.columns}
    for column in table.columns:
        if column.sort_by and column.sort_by not in columns:
            yield Finding("MODEL_SORT_BY", str(column), f"sorts by {column.sort_by}, which is not there")
    for name, levels in table.hierarchies.items():
        for level in set(levels) - columns:
            yield Finding("MODEL_HIERARCHY", f"{table.name}.{name}", f"no column {level}")
    yield from _m(table, model)


def _m(table: Table, model: Model) -> Iterator[Finding]:
    if not table.m:
        yield Finding("M_MISSING", table.name, "the table has no query")
        return
    if "#table(" in table.m:
        if not table.rows or any(len(row) != len(table.columns) for row in table.rows):
            yield Finding("M_ROWS", table.name, "rows and columns of #table do not agree")
        return
    plain = re.sub(r'"[^"]*"', '""', table.m)
    if any(plain.count(left) != plain.count(right) for left, right in ("()", "[]", "{}")):
        yield Finding("M_SYNTAX", table.name, "brackets do not match")
    body, _, result = plain.partition("\nin\n")
    steps = [step.strip(" =") for step in _STEP.findall(body)]
    lines = [line for line in body.removeprefix("let\n").split("\n") if line.strip()]
    if not plain.startswith("let\n") or result.strip() not in steps:
        yield Finding("M_SYNTAX", table.name, "is not let … in with one of its steps")
    if any(not line.rstrip().endswith(",") for line in lines[:-1]) or (lines and lines[-1].rstrip().endswith(",")):
        yield Finding("M_SYNTAX", table.name, "steps are not separated by commas")
    if _CONNECTOR not in table.m or 'Implementation = "2.0"' not in table.m:
        yield Finding("M_CONNECTOR", table.name, f'does not ask {_CONNECTOR}…, Implementation = "2.0")')
    used = set(re.findall(r"(?:BillingProject|Name) = (\w+)", table.m))
    for parameter in sorted(used - model.parameters.keys()):
        yield Finding("M_PARAMETER", table.name, f"no parameter {parameter}")
    for parameter in sorted(model.parameters.keys() - used - _WINDOW):
        yield Finding("M_PARAMETER", table.name, f"does not use {parameter}")


def _exists(field: FieldReference, model: Model) -> bool:
    if field.kind == "Column":
        return model.column(field.table, field.name) is not None
    if field.kind == "Measure":
        measure = model.measure(field.name)
        return measure is not None and measure.table == field.table
    table = model.table(field.table)
    return table is not None and field.name in table.hierarchies
