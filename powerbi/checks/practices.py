"""Best practice of semantic models, by the ids of Microsoft's Best Practice Analyzer where it has the rule."""

import re
from collections.abc import Iterator

from powerbi.checks.finding import Finding
from powerbi.model import Column, Measure, Model, Table

EXCEPTIONS = {
    ("AVOID_FLOATING_POINT_DATA_TYPES", "'Pickup Area'[Latitude]"): "a coordinate is no sum",
    ("AVOID_FLOATING_POINT_DATA_TYPES", "'Pickup Area'[Longitude]"): "a coordinate is no sum",
    ("AVOID_FLOATING_POINT_DATA_TYPES", "'Dropoff Area'[Latitude]"): "a coordinate is no sum",
    ("AVOID_FLOATING_POINT_DATA_TYPES", "'Dropoff Area'[Longitude]"): "a coordinate is no sum",
    ("AVOID_FLOATING_POINT_DATA_TYPES", "'Forecast'[Expected]"): "an expectation is no count",
    ("AVOID_FLOATING_POINT_DATA_TYPES", "'Forecast'[Lower]"): "an expectation is no count",
    ("AVOID_FLOATING_POINT_DATA_TYPES", "'Forecast'[Upper]"): "an expectation is no count",
    ("ENSURE_TABLES_HAVE_RELATIONSHIPS", "Stage"): "chosen by a measure",
    ("ENSURE_TABLES_HAVE_RELATIONSHIPS", "Reconciliation"): "is about stores, not trips",
    ("ENSURE_TABLES_HAVE_RELATIONSHIPS", "Freshness"): "is about stores, not trips",
}
"""Findings that are meant, and why."""

_NUMBERS = {"int64", "decimal", "double"}
_WHOLE = {"0", "#,0", "0000-00"}


def check_practices(model: Model) -> Iterator[Finding]:
    """Return what breaks a rule and is not meant."""
    for finding in _all(model):
        if (finding.rule, finding.where) not in EXCEPTIONS:
            yield finding


def unused_exceptions(model: Model) -> set[tuple[str, str]]:
    """Return exceptions that nothing needs any more."""
    return EXCEPTIONS.keys() - {(finding.rule, finding.where) for finding in _all(model)}


def _all(model: Model) -> Iterator[Finding]:
    if not any(table.is_date_table and _date_key(table) for table in model.tables):
        yield Finding("MODEL_SHOULD_HAVE_A_DATE_TABLE", "model", "no table is marked as date table with a date as key")
    for table in model.tables:
        yield from _table(table, model)
        for column in table.columns:
            yield from _column(column, table, model)
    for measure in model.measures():
        yield from _measure(measure, model)
    for each in model.relationships:
        if each.both_directions:
            yield Finding("AVOID_BI-DIRECTIONAL_RELATIONSHIPS", each.name, "filters in both directions")


def _table(table: Table, model: Model) -> Iterator[Finding]:
    if not table.description:
        yield Finding("OBJECTS_WITH_NO_DESCRIPTION", table.name, "no description")
    if table.name.startswith(("LocalDateTable_", "DateTableTemplate_")):
        yield Finding("REMOVE_AUTO-DATE_TABLE", table.name, "made by auto date/time")
    if not any(table.name in {each.source[0], each.target[0]} for each in model.relationships):
        yield Finding("ENSURE_TABLES_HAVE_RELATIONSHIPS", table.name, "stands alone")


def _column(column: Column, table: Table, model: Model) -> Iterator[Finding]:
    where, here = str(column), (column.table, column.name)
    needed = column.sort_by or column.name in _sorts_and_levels(table)
    many = any(each.source == here for each in model.relationships)
    one = any(each.target == here for each in model.relationships)
    rules = {
        "AVOID_FLOATING_POINT_DATA_TYPES": column.type == "double",
        "OBJECTS_WITH_NO_DESCRIPTION": not column.description,
        "DATA_COLUMNS_MUST_HAVE_A_SOURCE_COLUMN": not column.source,
        "HIDE_FOREIGN_KEYS": many and not column.hidden,
        "MARK_PRIMARY_KEYS": one and not column.key,
        "NUMERIC_COLUMN_SUMMARIZE_BY": column.type in _NUMBERS and column.summarize_by != "none",
        "ISAVAILABLEINMDX_FALSE_NONATTRIBUTE_COLUMNS": column.hidden and column.in_mdx and not (needed or column.key),
        "SET_ISAVAILABLEINMDX_TO_TRUE_ON_NECESSARY_COLUMNS": not column.in_mdx and bool(needed),
        "MONTH_(AS_A_STRING)_MUST_BE_SORTED": "month" in column.name.lower() and _unsorted_text(column),
        "DATECOLUMN_FORMATSTRING": column.type == "dateTime" and not column.format,
        "TRIM_OBJECT_NAMES": column.name != column.name.strip(),
    }
    yield from (Finding(rule, where, "breaks the rule") for rule, broken in rules.items() if broken)


def _measure(measure: Measure, model: Model) -> Iterator[Finding]:
    dax = re.sub(r"\s+", "", measure.dax)
    twins = sum(re.sub(r"\s+", "", other.dax) == dax for other in model.measures())
    text_format = "%" in measure.format or "$" in measure.format or "yyyy" in measure.format
    rules = {
        "PROVIDE_FORMAT_STRING_FOR_MEASURES": not measure.format and not _is_text(measure),
        "OBJECTS_WITH_NO_DESCRIPTION": not measure.description,
        "USE_THE_DIVIDE_FUNCTION_FOR_DIVISION": bool(re.search(r"[\])]/(?![/*])", dax)),
        "AVOID_USING_THE_IFERROR_FUNCTION": bool(re.search(r"(?i)\bIFERROR\(", dax)),
        "EVALUATEANDLOG_SHOULD_NOT_BE_USED_IN_PRODUCTION_MODELS": "EVALUATEANDLOG" in dax.upper(),
        "AVOID_DUPLICATE_MEASURES": twins > 1,
        "MEASURES_SHOULD_NOT_BE_DIRECT_REFERENCES_OF_OTHER_MEASURES": bool(re.fullmatch(r"\[[^\]]+\]", dax)),
        "PERCENTAGE_FORMATTING": "%" in measure.format and measure.format != "#,0.0%;-#,0.0%;#,0.0%",
        "INTEGER_FORMATTING": bool(measure.format) and not text_format and measure.format not in {*_WHOLE, "#,0.0"},
        "MEASURES_IN_DISPLAY_FOLDERS": not measure.folder,
    }
    yield from (Finding(rule, str(measure), "breaks the rule") for rule, broken in rules.items() if broken)


def _date_key(table: Table) -> bool:
    return any(column.key and column.type == "dateTime" for column in table.columns)


def _sorts_and_levels(table: Table) -> set[str]:
    levels = {level for each in table.hierarchies.values() for level in each}
    return {column.sort_by for column in table.columns} | levels


def _unsorted_text(column: Column) -> bool:
    return column.type == "string" and not column.sort_by


def _is_text(measure: Measure) -> bool:
    return '"' in measure.dax and measure.dax.upper().startswith("IF(")
