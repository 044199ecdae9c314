"""The kinds of visuals the report uses: where each stands, which fields it shows, how it is described."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from powerbi.design.expressions import Json, colour, literal
from powerbi.design.theme import BLUE, INK, MUTED, PALE_BLUE, PAPER

WIDTH, HEIGHT = 1280, 720
_MARGIN, _GUTTER, _COLUMN = 16, 12, 93


class Place(NamedTuple):
    """Where a visual stands on the page, pixels."""

    x: int
    y: int
    width: int
    height: int


def at(column: int, span: int, y: int, height: int) -> Place:
    """Return a place on a grid of twelve columns; `column` counts from 0."""
    return Place(_MARGIN + column * (_COLUMN + _GUTTER), y, span * _COLUMN + (span - 1) * _GUTTER, height)


class About(NamedTuple):
    """What every visual has: a key, a place, a title and a description for those who cannot see it."""

    key: str
    place: Place
    title: str
    alt: str


class Band(NamedTuple):
    """A line of a chart and the measures of its lower and upper bound."""

    line: str
    lower: str
    upper: str


Only = Mapping[str, tuple[int, int]]
"""Measures that must lie between two integers for a row to be shown."""
ALL: Only = MappingProxyType({})


@dataclass(frozen=True)
class Visual:
    """One visual. `key` names it for ever: its id in the files is made from it."""

    key: str
    place: Place
    title: str
    alt: str
    kind: str
    roles: Mapping[str, Sequence[str]] = field(default_factory=dict)
    sort: str = ""
    """The field that orders it, ascending; with `-` before it, descending."""
    only: Only = field(default_factory=dict)
    objects: Mapping[str, Sequence[Json]] = field(default_factory=dict)
    action: Sequence[Json] = ()
    synced: str = ""
    """Slicers of one name on different pages keep one selection."""
    show_title: bool = True
    heat: str = ""
    """The measure whose value colours the cells."""
    band: Band | None = None
    phone_height: int = 240


@dataclass(frozen=True)
class Page:
    """One page: its name, what it answers, its visuals in the order of the Tab key."""

    key: str
    name: str
    question: str
    visuals: tuple[Visual, ...]


def properties(**values: str | bool | float | Json) -> Json:
    """Return one formatting object."""
    return {
        "properties": {name: value if isinstance(value, dict) else literal(value) for name, value in values.items()}
    }


def heading(text: str, question: str) -> Visual:
    """The page's name and the question that it answers."""
    runs = [
        {"value": text, "textStyle": {"fontSize": "18pt", "fontWeight": "bold", "color": INK}},
        {"value": question, "textStyle": {"fontSize": "10pt", "color": MUTED}},
    ]
    paragraphs = [{"textRuns": [run]} for run in runs]
    return Visual(
        "heading", at(0, 4, 12, 64), text, f"{text}: {question}", "textbox",
        objects={"general": [{"properties": {"paragraphs": paragraphs}}]}, show_title=False, phone_height=72,
    )  # fmt: skip


def slicer(key: str, column: str, place: Place, title: str, *, mode: str = "Dropdown") -> Visual:
    """A slicer whose selection holds on every page that has it."""
    return Visual(
        f"slicer-{key}", place, title, f"Slicer: {title}", "slicer", {"Values": [column]},
        objects={"data": [properties(mode=mode)], "header": [properties(show=False)]}, synced=key, phone_height=72,
    )  # fmt: skip


def reset(place: Place) -> Visual:
    """A button that clears every slicer."""
    text = properties(show=True, text="Reset", fontColor=colour(PAPER), fontSize=11.0)
    return Visual(
        "reset", place, "Reset", "Button: clear all slicers", "actionButton",
        objects={
            "text": [text | {"selector": {"id": "default"}}],
            "fill": [properties(show=True, fillColor=colour(BLUE)) | {"selector": {"id": "default"}}],
        },
        action=[properties(show=True, type="ClearAllSlicers", tooltip="Clear all slicers")],
        show_title=False, phone_height=48,
    )  # fmt: skip


def cards(key: str, place: Place, title: str, measures: Sequence[str]) -> Visual:
    """A row of figures."""
    names = ", ".join(name.strip("[]") for name in measures)
    return Visual(
        key, place, title, f"{title}: {names}", "cardVisual", {"Data": measures},
        objects={"value": [properties(fontSize=20.0, fontColor=colour(BLUE))]}, phone_height=320,
    )  # fmt: skip


def lines(about: About, axis: str, measures: Sequence[str], *, only: Only = ALL, band: Band | None = None) -> Visual:
    """Lines over time; `band` shades between two bounds of one of them."""
    return Visual(
        *about, kind="lineChart", roles={"Category": [axis], "Y": measures}, sort=axis, only=only, band=band,
        objects={"legend": [properties(show=len(measures) > 1, position="Top")]},
    )  # fmt: skip


def bars(about: About, axis: str, measures: Sequence[str], *, only: Only = ALL) -> Visual:
    """Bars by category, the longest first."""
    return _categories(about, "clusteredBarChart", axis, measures, f"-{measures[0]}", only)


def columns(about: About, axis: str, measures: Sequence[str]) -> Visual:
    """Columns in the order of the axis, stacked when there are several measures."""
    kind = "columnChart" if len(measures) > 1 else "clusteredColumnChart"
    return _categories(about, kind, axis, measures, axis, ALL)


def table(about: About, fields: Sequence[str], *, sort: str, only: Only = ALL) -> Visual:
    """A table without a total row: its figures do not add up."""
    return Visual(
        *about, kind="tableEx", roles={"Values": fields}, sort=sort, only=only,
        objects={"total": [properties(totals=False)]},
    )  # fmt: skip


def matrix(about: About, rows: Sequence[str], across: str, measure: str) -> Visual:
    """A matrix whose cells are coloured by their value."""
    return Visual(
        *about, kind="pivotTable", roles={"Rows": rows, "Columns": [across], "Values": [measure]}, heat=measure,
        objects={"subTotals": [properties(rowSubtotals=False, columnSubtotals=False)]}, phone_height=360,
    )  # fmt: skip


def bubbles(about: About, category: str, position: tuple[str, str], size: str) -> Visual:
    """A map with a bubble for each category, at its latitude and longitude."""
    return Visual(
        *about, kind="azureMap",
        roles={"Category": [category], "Y": [position[0]], "X": [position[1]], "Size": [size]},
        objects={
            "mapControls": [properties(defaultStyle="grayscale_light", showLabels=True)],
            "bubbleLayer": [properties(show=True, maxRadius=24.0, minBubbleRadius=4.0, strokeColor=colour(PALE_BLUE))],
        },
        phone_height=320,
    )  # fmt: skip


def funnel(about: About, stages: str, measure: str) -> Visual:
    """One bar for each stage, in the order of the stages."""
    return Visual(
        *about, kind="funnel", roles={"Category": [stages], "Y": [measure]}, sort=stages,
        objects={"labels": [properties(show=True, funnelLabelStyle="Data, percent of first")]},
    )  # fmt: skip


def _categories(  # noqa: PLR0913, PLR0917 - what bars and columns share
    about: About, kind: str, axis: str, measures: Sequence[str], sort: str, only: Only
) -> Visual:
    several = len(measures) > 1
    return Visual(
        *about, kind=kind, roles={"Category": [axis], "Y": measures}, sort=sort, only=only,
        objects={
            "labels": [properties(show=not several)],
            "legend": [properties(show=several, position="Top")],
            "valueAxis": [properties(show=several, showAxisTitle=False)],
            "categoryAxis": [properties(show=True, showAxisTitle=False)],
        },
    )  # fmt: skip
