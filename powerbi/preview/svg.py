"""A page as one SVG: boxes at the places of the visuals, text, tables, and the charts inside."""

from collections.abc import Callable, Sequence
from html import escape
from itertools import accumulate, groupby

from powerbi.design.expressions import Field, Json
from powerbi.design.theme import CANVAS, INK, LINE, MID_BLUE, MUTED, PALE_BLUE, PAPER
from powerbi.model import Column
from powerbi.pbir import Page, Visual
from powerbi.preview.charts import FONT, can_draw, chart_svg
from powerbi.preview.data import Row, Shown, slicer_mode
from powerbi.preview.format import shown_as

BANNER_HEIGHT = 26
_TITLE_HEIGHT = 30
_ROW_HEIGHT = 20


def page_svg(page: Page, shown: Sequence[Shown], theme: Json, note: str) -> str:
    """Return the page with a banner that says it is a preview and no Power BI; `note` says of what."""
    height = page.height + BANNER_HEIGHT
    canvas = theme["visualStyles"]["page"]["*"]["background"][0]["color"]["solid"]["color"]
    parts = [
        _box(0, 0, page.width, height, fill=canvas),
        _box(0, 0, page.width, BANNER_HEIGHT, fill=theme["foreground"]),
        _text(
            16, 17, f"Preview, not Power BI: numbers by the model's own measures, drawn locally. {note}", 11, "#FFFFFF"
        ),
        f'<g transform="translate(0,{BANNER_HEIGHT})">',
        *(_visual(each, theme) for each in shown),
        "</g>",
    ]
    size = f'width="{page.width}" height="{height}" viewBox="0 0 {page.width} {height}"'
    label = escape(f"Preview of the report page {page.name}", quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" role="img" '
        f'aria-label="{label}" font-family="{FONT}" {size}>{"".join(parts)}</svg>'
    )


def _visual(shown: Shown, theme: Json) -> str:
    visual = shown.visual
    x, y, width, height = visual.place
    inside = _inside(shown, theme)
    frame = "" if visual.kind in {"textbox", "actionButton"} else _box(0, 0, width, height, fill=PAPER, line=LINE)
    title = ""
    if visual.shows_title and visual.kind != "slicer":
        title = _text(12, 20, _clip(visual.title, width - 24, 12.5), 12.5, theme["foreground"], bold=True)
    return f'<g transform="translate({x:g},{y:g})"><title>{escape(visual.alt)}</title>{frame}{title}{inside}</g>'


def _inside(shown: Shown, theme: Json) -> str:
    visual = shown.visual
    draw = _DRAWN.get(visual.kind)
    if draw is None and not can_draw(visual.kind):
        return _message(visual, f"{visual.kind}: not drawn in the preview")
    if visual.roles and visual.kind != "slicer" and not shown.rows:
        return _message(visual, "no rows")
    return draw(shown, theme) if draw else _chart(shown, theme)


def _message(visual: Visual, text: str) -> str:
    _, _, width, height = visual.place
    grey = _box(8, _TITLE_HEIGHT, width - 16, height - _TITLE_HEIGHT - 8, fill=CANVAS)
    return grey + _text(width / 2, height / 2, text, 12, MUTED, anchor="middle")


def _chart(shown: Shown, theme: Json) -> str:
    _, _, width, height = shown.visual.place
    chart = chart_svg(shown, width - 16, height - _TITLE_HEIGHT - 8, theme)
    return f'<g transform="translate(8,{_TITLE_HEIGHT})">{chart}</g>'


def _button(shown: Shown, theme: Json) -> str:
    width = shown.visual.place.width
    button = _box(0, 14, width, 36, fill=theme["dataColors"][0])
    return button + _text(width / 2, 37, shown.visual.title, 12, PAPER, bold=True, anchor="middle")


def _heading(shown: Shown, theme: Json) -> str:
    paragraphs = shown.visual.content["visual"]["objects"]["general"][0]["properties"]["paragraphs"]
    name, question = (paragraph["textRuns"][0]["value"] for paragraph in paragraphs)
    return _text(0, 30, name, 24, theme["foreground"], bold=True) + _text(
        0, 52, question, 13, theme["foregroundNeutralSecondary"]
    )


def _slicer(shown: Shown, theme: Json) -> str:
    visual = shown.visual
    width = visual.place.width
    chosen = "all days" if slicer_mode(visual) == "Between" else "All"
    field = _box(10, 28, width - 20, 26, fill=PAPER, line="#B8C4D0")
    return (
        _text(10, 19, visual.title, 11, theme["foregroundNeutralSecondary"])
        + field
        + _text(18, 45, chosen, 12, theme["foreground"])
        + _text(width - 18, 45, "▾", 12, theme["foregroundNeutralSecondary"], anchor="end")
    )


def _cards(shown: Shown, theme: Json) -> str:
    _, _, width, height = shown.visual.place
    count = len(shown.measures)
    across = count if width / count >= 120 else 3
    cell_width, cell_height = (width - 16) / across, (height - _TITLE_HEIGHT - 8) / -(-count // across)
    parts = []
    for index, measure in enumerate(shown.measures):
        x, y = 8 + index % across * cell_width, _TITLE_HEIGHT + index // across * cell_height
        value = shown_as(shown.rows[0].values[measure.name], measure.format)
        middle = y + cell_height / 2
        parts.append(_text(x + 8, middle + 2, value, 22 if across == count else 19, theme["dataColors"][0], bold=True))
        name = _clip(measure.name, cell_width - 12, 11)
        parts.append(_text(x + 8, middle + 22, name, 11, theme["foregroundNeutralSecondary"]))
        if index % across:
            parts.append(_box(x, y + 6, 1, cell_height - 16, fill=LINE))
    return "".join(parts)


def _table(shown: Shown, theme: Json) -> str:
    _, _, width, height = shown.visual.place
    fields: list[Field] = [*shown.columns, *shown.measures]
    ordered = [next(field for field in fields if field.name == each.name) for each in shown.visual.roles["Values"]]
    texts = [[field.name for field in ordered], *(_texts(row, ordered) for row in shown.rows)]
    longest = [max(len(line[index]) for line in texts) + 3 for index in range(len(ordered))]
    ends = [12 + (width - 24) * part / sum(longest) for part in accumulate(longest)]
    starts = [12.0, *ends[:-1]]
    fits = int((height - _TITLE_HEIGHT - 26) // _ROW_HEIGHT)
    parts = [_box(8, _TITLE_HEIGHT + 20, width - 16, 1, fill="#B8C4D0")]
    for number, line in enumerate(texts[: fits + 1]):
        y = _TITLE_HEIGHT + 14 + number * _ROW_HEIGHT + (2 if number else 0)
        for field, start, end, text in zip(ordered, starts, ends, line, strict=True):
            is_text = isinstance(field, Column)
            place, anchor = (start, "start") if is_text else (end - 6, "end")
            clipped = _clip(text, end - start, 11)
            parts.append(_text(place, y, clipped, 11, theme["foreground"], bold=number == 0, anchor=anchor))
    return "".join(parts)


def _texts(row: Row, fields: Sequence[Field]) -> list[str]:
    return [
        shown_as(row.slice[field] if isinstance(field, Column) else row.values[field.name], field.format)
        for field in fields
    ]


def _matrix(shown: Shown, theme: Json) -> str:
    _, _, width, height = shown.visual.place
    down, across = shown.columns
    name = shown.measures[0].name
    heads = sorted({row.slice[across] for row in shown.rows})
    rows = [(key, list(group)) for key, group in groupby(shown.rows, key=lambda row: row.slice[down])]
    margin = 150
    wide, high = (width - margin - 16) / len(heads), min(24.0, (height - _TITLE_HEIGHT - 26) / len(rows))
    most = max(row.values[name] for row in shown.rows) or 1
    muted = theme["foregroundNeutralSecondary"]
    parts = [
        _text(margin + (index + 0.5) * wide, _TITLE_HEIGHT + 12, head.removesuffix(":00"), 11, muted, anchor="middle")
        for index, head in enumerate(heads)
    ]
    for line, (key, group) in enumerate(rows):
        y = _TITLE_HEIGHT + 20 + line * high
        parts.append(_text(12, y + high * 0.68, f"+ {_clip(key, margin - 26, 11)}", 11, theme["foreground"]))
        for row in group:
            x, value = margin + heads.index(row.slice[across]) * wide, row.values[name]
            parts.append(_box(x + 1, y + 1, wide - 2, high - 2, fill=_blend(PALE_BLUE, MID_BLUE, value / most)))
            parts.append(_text(x + wide / 2, y + high * 0.68, f"{value:,.0f}", 10.5, INK, anchor="middle"))
    return "".join(parts)


def _blend(low: str, high: str, share: float) -> str:
    pairs = ((int(low[i : i + 2], 16), int(high[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in pairs)


def _clip(text: str, width: float, size: float) -> str:
    """Return the text, shortened to about that many pixels."""
    fits = max(int(width / (size * 0.5)), 3)
    return text if len(text) <= fits else f"{text[: fits - 1]}…"


def _box(  # noqa: PLR0913 - a box has this many sides
    x: float, y: float, width: float, height: float, *, fill: str, line: str = ""
) -> str:
    stroke = f' stroke="{line}" rx="8"' if line else ""
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{fill}"{stroke}/>'


def _text(  # noqa: PLR0913
    x: float, y: float, text: str, size: float, fill: str, *, bold: bool = False, anchor: str = "start"
) -> str:
    weight = ' font-weight="600"' if bold else ""
    place = f'x="{x:g}" y="{y:g}" font-size="{size:g}" fill="{fill}" text-anchor="{anchor}"'
    return f"<text {place}{weight}>{escape(text)}</text>"


_DRAWN: dict[str, Callable[[Shown, Json], str]] = {
    "textbox": _heading,
    "slicer": _slicer,
    "actionButton": _button,
    "cardVisual": _cards,
    "tableEx": _table,
    "pivotTable": _matrix,
}
