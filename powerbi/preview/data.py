"""What each visual shows: its rows, each with the slice it stands for and its measures' values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from contracts.errors import BadInputError
from powerbi.evaluate import Measures
from powerbi.model import Column, Measure, Model
from powerbi.pbir import FieldReference, Visual, literal_of

Slice = Mapping[Column, Any]


@dataclass(frozen=True)
class Row:
    """One bar, point, cell or line of a table: the slice, and the values of the measures there."""

    slice: Slice
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Shown:
    """A visual with its fields found in the model and its rows."""

    visual: Visual
    columns: tuple[Column, ...]
    measures: tuple[Measure, ...]
    band: tuple[Measure, ...]
    """Lower and upper bound of a line, in this order; empty without a band."""
    rows: tuple[Row, ...]


def shown(visual: Visual, measures: Measures) -> Shown:
    """Evaluate a visual as Power BI would: group by its columns, keep what its filters let through, sort."""
    model = measures.model
    fields = [_find(model, each) for role in visual.roles.values() for each in role]
    columns = tuple(each for each in fields if isinstance(each, Column))
    wanted = tuple(each for each in fields if isinstance(each, Measure))
    band = tuple(_band(visual, model))
    if visual.kind == "pivotTable":
        columns = (columns[0], columns[-1])
    rows = [] if not wanted else list(_rows(visual, measures, columns, (*wanted, *band)))
    return Shown(visual, columns, wanted, band, tuple(_sorted(visual, rows)))


def _rows(visual: Visual, measures: Measures, columns: Sequence[Column], wanted: Sequence[Measure]) -> Iterator[Row]:
    limits = {limit: _measure(measures.model, limit.field) for limit in visual.only}
    for slice_ in _slices(visual, measures, columns):
        filters = {column: [value] for column, value in slice_.items()}
        kept = measures.evaluate(limits.values(), filters, columns)
        if any(not _within(kept[measure.name], limit.least, limit.most) for limit, measure in limits.items()):
            continue
        values = measures.evaluate(wanted, filters, columns)
        if not columns or any(value is not None for value in values.values()):
            yield Row(slice_, values)


def _slices(visual: Visual, measures: Measures, columns: Sequence[Column]) -> Iterator[dict[Column, Any]]:
    if visual.kind == "pivotTable":
        for values in product(*(measures.values(column) for column in columns)):
            yield dict(zip(columns, values, strict=True))
    elif len(columns) == 1:
        for value in measures.values(columns[0]):
            yield {columns[0]: value}
    elif columns:
        for values in measures.rows(columns):
            yield dict(zip(columns, values, strict=True))
    else:
        yield {}


def _sorted(visual: Visual, rows: list[Row]) -> list[Row]:
    """Order by the visual's sort when it is a measure; columns already come in their order."""
    if visual.sort is None or visual.sort.field.kind != "Measure":
        return rows
    name = visual.sort.field.name
    return sorted(rows, key=lambda row: row.values[name] or 0, reverse=visual.sort.descending)


def _within(value: Any, least: int, most: int) -> bool:
    return value is not None and least <= value <= most


def _find(model: Model, field: FieldReference) -> Column | Measure:
    found = model.column(field.table, field.name) if field.kind == "Column" else model.measure(field.name)
    if found is None:
        raise BadInputError(
            "The report shows a field that the model does not have", where=f"{field.table}.{field.name}"
        )
    return found


def _measure(model: Model, field: FieldReference) -> Measure:
    found = _find(model, field)
    assert isinstance(found, Measure)  # noqa: S101 - filters are on measures, held by powerbi-check
    return found


def _band(visual: Visual, model: Model) -> Iterator[Measure]:
    for each in visual.content["visual"].get("objects", {}).get("error", []):
        bounds = each["properties"].get("errorRange", {}).get("explicit", {})
        for name in ("lowerBound", "upperBound"):
            field = bounds[name]["expr"]["Measure"]
            yield _measure(model, FieldReference("Measure", "", field["Property"]))


def slicer_mode(visual: Visual) -> str:
    """Return how a slicer is shown: `Dropdown`, `Between`."""
    return literal_of(visual.content["visual"].get("objects", {}), "data", "mode")
