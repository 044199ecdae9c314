"""The expressions of PBIR: literals, colours, fields, conditions."""

import re
from typing import Any

from contracts.errors import BadInputError
from powerbi.model import Column, Measure, Model

Json = dict[str, Any]
Field = Column | Measure

_COLUMN = re.compile(r"(?P<table>[^\[]+)\[(?P<column>[^\]]+)\]")


def field_of(model: Model, name: str) -> Field:
    """Return the measure `[Trips]` or the column `Date[Month]`.

    Raises BadInputError when the model has no such field.
    """
    found: Field | None
    if name.startswith("["):
        found = model.measure(name.strip("[]"))
    else:
        match = _COLUMN.fullmatch(name)
        found = model.column(match["table"], match["column"]) if match else None
    if found is None:
        raise BadInputError("The model has no such field", where=name)
    return found


def reference(field: Field) -> str:
    """Return how a query calls the field: `Trip.Revenue`."""
    return f"{field.table}.{field.name}"


def expression(field: Field, source: Json | None = None) -> Json:
    """Return the field as an expression over its table, or over the alias in `source`."""
    kind = "Measure" if isinstance(field, Measure) else "Column"
    return {kind: {"Expression": {"SourceRef": source or {"Entity": field.table}}, "Property": field.name}}


def projection(field: Field) -> Json:
    """Return the field as a visual's query asks for it."""
    made: Json = {
        "field": expression(field),
        "queryRef": reference(field),
        "nativeQueryRef": field.name,
    }
    return made | {"active": True} if isinstance(field, Column) else made


def literal(value: str | bool | float) -> Json:
    """Return a literal: `'text'`, `true`, `2D`."""
    if isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, str):
        text = "'" + value.replace("'", "''") + "'"
    else:
        text = f"{value:g}D"
    return {"expr": {"Literal": {"Value": text}}}


def colour(value: str) -> Json:
    """Return a solid colour, `#RRGGBB`."""
    return {"solid": {"color": literal(value)}}


def gradient(field: Field, low: str, high: str) -> Json:
    """Return a colour between two by the field's value."""
    ends = {name: {"color": {"Literal": {"Value": f"'{end}'"}}} for name, end in (("min", low), ("max", high))}
    blank = {"nullColoringStrategy": {"strategy": {"Literal": {"Value": "'asZero'"}}}}
    rule = {"Input": expression(field), "FillRule": {"linearGradient2": ends | blank}}
    return {"solid": {"color": {"expr": {"FillRule": rule}}}}


def between(measure: Measure, least: int, most: int) -> Json:
    """Return a filter condition: the measure lies between two integers, both included."""
    bounds = [_compare(measure, 2, least), _compare(measure, 4, most)]
    return {
        "Version": 2,
        "From": [{"Name": "m", "Entity": measure.table, "Type": 0}],
        "Where": [{"Condition": {"And": {"Left": bounds[0], "Right": bounds[1]}}}],
    }


def _compare(measure: Measure, kind: int, bound: int) -> Json:
    """`kind` as PBIR numbers comparisons: 2 is at least, 4 is at most."""
    right = {"Literal": {"Value": f"{bound}L"}}
    return {"Comparison": {"ComparisonKind": kind, "Left": expression(measure, {"Source": "m"}), "Right": right}}
