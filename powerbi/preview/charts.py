"""Charts as Vega-Lite specifications, drawn to SVG."""

import math
import re
from collections.abc import Callable
from typing import Any

import vl_convert

from powerbi.design.expressions import Json
from powerbi.model import Column
from powerbi.preview.data import Row, Shown
from powerbi.preview.format import shown_as

_BAR_HEIGHT = 44
FONT = "Segoe UI, Helvetica Neue, Liberation Sans, Arial, sans-serif"


def chart_svg(shown: Shown, width: float, height: float, theme: Json) -> str:
    """Return the chart of a visual as SVG of that size; its ids begin with the visual's, to be unique on the page."""
    if shown.visual.kind == "clusteredBarChart":
        height = min(height, _BAR_HEIGHT * len(shown.rows) + 8)
    spec = _CHARTS[shown.visual.kind](shown, theme, width) | {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": width,
        "height": height,
        "autosize": {"type": "fit", "contains": "padding"},
        "padding": 2,
        "background": None,
        "config": _config(theme),
    }
    svg: str = vl_convert.vegalite_to_svg(spec)
    return re.sub(r'(id="|url\(#)', rf"\g<1>{shown.visual.id}-", svg)


def can_draw(kind: str) -> bool:
    """Say whether a visual type is drawn as a chart."""
    return kind in _CHARTS


def _config(theme: Json) -> Json:
    ink, muted = theme["foreground"], theme["foregroundNeutralSecondary"]
    return {
        "font": FONT,
        "view": {"stroke": None},
        "axis": {
            "labelColor": muted,
            "labelFontSize": 11,
            "gridColor": "#E6EBF0",
            "domainColor": "#B8C4D0",
            "tickColor": "#B8C4D0",
            "labelLimit": 150,
            "title": None,
        },
        "legend": {"labelColor": ink, "labelFontSize": 11, "title": None, "orient": "top", "offset": 4},
        "text": {"color": ink, "fontSize": 11},
        "range": {"category": theme["dataColors"]},
    }


def _axis_format(format_string: str) -> str:
    if "%" in format_string:
        return ".0%"
    return "$~s" if format_string.startswith("$") else "~s"


def _label(row: Row, column: Column) -> str:
    return shown_as(row.slice[column], column.format)


def _long(shown: Shown) -> list[Json]:
    """Return one record for each row and measure: `x`, `order`, `measure`, `value`, `label`, and a band's bounds."""
    column = shown.columns[0]
    day = column.type == "dateTime"
    records: list[Json] = []
    for order, row in enumerate(shown.rows):
        for measure in shown.measures:
            value = row.values[measure.name]
            if value is not None:
                x = row.slice[column].isoformat() if day else _label(row, column)
                record = {"x": x, "order": order, "measure": measure.name, "value": value}
                record["label"] = shown_as(value, measure.format)
                if shown.band and row.values[shown.band[0].name] is not None:
                    record |= {"lower": row.values[shown.band[0].name], "upper": row.values[shown.band[1].name]}
                records.append(record)
    return records


def _x_axis(shown: Shown, width: float) -> Json:
    if shown.columns[0].type == "dateTime":
        return {"field": "x", "type": "temporal", "axis": {"format": "%d %b", "grid": False, "tickCount": 8}}
    labels = list(dict.fromkeys(_label(row, shown.columns[0]) for row in shown.rows))
    room = width / max(len(labels), 1)
    slanted = room < 7 * max(map(len, labels), default=0)
    step = max(1, math.ceil((22 if slanted else 1) / room))
    return {
        "field": "x",
        "type": "nominal",
        "sort": labels,
        "axis": {"grid": False, "labelAngle": -40 if slanted else 0, "values": labels[::step], "ticks": False},
    }


def _lines(shown: Shown, theme: Json, width: float) -> Json:
    names = [measure.name for measure in shown.measures]
    y_axis = {"format": _axis_format(shown.measures[0].format), "tickCount": 5, "domain": False, "ticks": False}
    x = _x_axis(shown, width)
    colour = {
        "field": "measure",
        "type": "nominal",
        "sort": names,
        "scale": {"domain": names, "range": theme["dataColors"]},
        "legend": {} if len(names) > 1 else None,
    }
    dashes = {"condition": {"test": f"datum.measure === '{names[-1]}'", "value": [5, 3]}, "value": [1, 0]}
    line: Json = {
        "mark": {"type": "line", "strokeWidth": 2.2, "point": len(shown.rows) < 40 and {"size": 22}},
        "encoding": {
            "x": x,
            "y": {"field": "value", "type": "quantitative", "axis": y_axis},
            "color": colour,
            "strokeDash": dashes if len(names) > 1 else {"value": [1, 0]},
        },
    }
    band: Json = {
        "transform": [{"filter": "isValid(datum.upper)"}],
        "mark": {"type": "area", "opacity": 0.18, "color": theme["dataColors"][1]},
        "encoding": {
            "x": x,
            "y": {"field": "lower", "type": "quantitative", "axis": y_axis},
            "y2": {"field": "upper"},
        },
    }
    return {"data": {"values": _long(shown)}, "layer": [band, line] if shown.band else [line]}


def _bars(shown: Shown, theme: Json, _width: float) -> Json:
    records = _long(shown)
    labels = list(dict.fromkeys(record["x"] for record in records))
    end = max([abs(record["value"]) for record in records], default=1) or 1
    y = {"field": "x", "type": "nominal", "sort": labels, "axis": {"domain": False, "ticks": False, "labelPadding": 6}}
    x = {"field": "value", "type": "quantitative", "axis": None, "scale": {"domain": [0, end * 1.3]}}
    return {
        "data": {"values": records},
        "encoding": {"y": y, "x": x},
        "layer": [
            {"mark": {"type": "bar", "color": theme["dataColors"][0], "cornerRadiusEnd": 2, "height": {"band": 0.72}}},
            {"mark": {"type": "text", "align": "left", "dx": 5}, "encoding": {"text": {"field": "label"}}},
        ],
    }


def _columns(shown: Shown, theme: Json, width: float) -> Json:
    names = [measure.name for measure in shown.measures]
    axis = {"format": _axis_format(shown.measures[0].format), "tickCount": 5, "domain": False, "ticks": False}
    colour = {
        "field": "measure",
        "type": "nominal",
        "sort": names,
        "scale": {"domain": names, "range": theme["dataColors"]},
    }
    stacked = len(names) > 1
    return {
        "data": {"values": _long(shown)},
        "transform": [{"calculate": f"indexof({names}, datum.measure)", "as": "stack"}],
        "mark": {"type": "bar", "width": {"band": 0.72}},
        "encoding": {
            "x": _x_axis(shown, width),
            "y": {"field": "value", "type": "quantitative", "axis": axis},
            "color": colour if stacked else {"value": theme["dataColors"][0]},
            "order": {"field": "stack"},
        },
    }


def _funnel(shown: Shown, theme: Json, _width: float) -> Json:
    records = _long(shown)
    first = next((record["value"] for record in records), 0) or 1
    for record in records:
        record["half"] = record["value"] / 2
        record["label"] = f"{record['label']} ({record['value'] / first:.0%})"
    labels = [record["x"] for record in records]
    y = {"field": "x", "type": "nominal", "sort": labels, "axis": {"domain": False, "ticks": False, "labelPadding": 6}}
    half = {"type": "quantitative", "axis": None, "scale": {"domain": [-first / 2, first / 2]}}
    return {
        "data": {"values": records},
        "transform": [{"calculate": "-datum.half", "as": "left"}],
        "encoding": {"y": y},
        "layer": [
            {
                "mark": {"type": "bar", "color": theme["dataColors"][0], "cornerRadius": 2, "height": {"band": 0.78}},
                "encoding": {"x": half | {"field": "left"}, "x2": {"field": "half"}},
            },
            {
                "mark": {"type": "text", "color": "#FFFFFF", "fontWeight": "bold"},
                "encoding": {"x": half | {"datum": 0}, "text": {"field": "label"}},
            },
        ],
    }


def _map(shown: Shown, theme: Json, _width: float) -> Json:
    category, latitude, longitude = shown.columns
    name = shown.measures[0].name
    points = [
        {
            "area": row.slice[category],
            "lat": row.slice[latitude],
            "lon": row.slice[longitude],
            "value": row.values[name],
        }
        for row in shown.rows
        if row.slice[latitude] is not None and row.slice[longitude] is not None
    ]
    top = [each["area"] for each in sorted(points, key=lambda each: each["value"], reverse=True)[:4]]
    place: Json = {
        "longitude": {"field": "lon", "type": "quantitative"},
        "latitude": {"field": "lat", "type": "quantitative"},
    }
    size = {"field": "value", "type": "quantitative", "scale": {"range": [10, 900]}, "legend": None}
    return {
        "data": {"values": points},
        "projection": {"type": "mercator"},
        "layer": [
            {
                "mark": {"type": "circle", "color": theme["dataColors"][0], "opacity": 0.55, "stroke": "#FFFFFF"},
                "encoding": place | {"size": size},
            },
            {
                "transform": [{"filter": {"field": "area", "oneOf": top}}],
                "mark": {"type": "text", "dy": -2, "fontWeight": "bold"},
                "encoding": place | {"text": {"field": "area"}},
            },
        ],
    }


_CHARTS: dict[str, Callable[[Shown, Json, float], dict[str, Any]]] = {
    "lineChart": _lines,
    "clusteredBarChart": _bars,
    "clusteredColumnChart": _columns,
    "columnChart": _columns,
    "funnel": _funnel,
    "azureMap": _map,
}
