"""Write the preview: one HTML with every page, a PNG for each, and the numbers as JSON."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path

import vl_convert

from powerbi.evaluate import Measures
from powerbi.pbir import Page, Report
from powerbi.preview.data import Shown, shown
from powerbi.preview.svg import page_svg


@dataclass(frozen=True)
class Preview:
    """A page and what its visuals show."""

    page: Page
    shown: tuple[Shown, ...]


def evaluate_page(page: Page, measures: Measures) -> Preview:
    """Evaluate all visuals of a page."""
    return Preview(page, tuple(shown(visual, measures) for visual in page.visuals))


def write_preview(
    folder: Path, report: Report, measures: Measures, note: str, advance: Callable[[int], None] = lambda _rows: None
) -> Path:
    """Write `index.html`, `<page>.png` and `values.json`; return the HTML's path.

    `note` says in the banner of which data it is; `advance` hears how many rows each page took.
    """
    folder.mkdir(parents=True, exist_ok=True)
    previews, drawn = [], []
    for page in report.pages:
        preview = evaluate_page(page, measures)
        svg = page_svg(page, preview.shown, report.theme, note)
        (folder / f"{page.name.lower().replace(' ', '-')}.png").write_bytes(vl_convert.svg_to_png(svg, scale=1.5))
        previews.append(preview)
        drawn.append((page.name, svg))
        advance(sum(len(each.rows) for each in preview.shown))
    write_values(folder, previews)
    return write_html(folder, drawn)


def write_html(folder: Path, pages: list[tuple[str, str]]) -> Path:
    """Write `index.html` with all pages, given as names and SVG; return its path."""
    links = " · ".join(f'<a href="#{escape(name)}">{escape(name)}</a>' for name, _ in pages)
    body = "\n".join(f'<section id="{escape(name)}"><h2>{escape(name)}</h2>{svg}</section>' for name, svg in pages)
    path = folder / "index.html"
    path.write_text(_HTML.replace("LINKS", links).replace("BODY", body), encoding="utf-8")
    return path


def write_values(folder: Path, previews: list[Preview]) -> None:
    """Write every number of every visual with its slice, for scripts and tests."""
    values = [
        {
            "page": preview.page.name,
            "visual": each.visual.title,
            "slice": {str(column): value for column, value in row.slice.items()},
            "values": row.values,
        }
        for preview in previews
        for each in preview.shown
        for row in each.rows
    ]
    (folder / "values.json").write_text(json.dumps(values, indent=1, default=_text) + "\n", encoding="utf-8")


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


_HTML = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tripline: preview of the report</title>
<style>
body { font-family: "Segoe UI", "Liberation Sans", Arial, sans-serif; color: #1B2733; }
body { margin: 24px auto; max-width: 1280px; }
section { margin: 0 0 32px; }
svg { max-width: 100%; height: auto; border: 1px solid #D5DCE4; }
a { color: #1F5FA8; }
</style>
</head>
<body>
<h1>Tripline: preview of the report</h1>
<p>Drawn from the report's own files with the numbers of the model's own measures, without Power BI: what Power BI
draws looks different, and slicers and cross-filters do not work here.</p>
<p>LINKS</p>
BODY
</body>
</html>
"""
