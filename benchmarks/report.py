"""What was measured: as JSON in build/, as a section of docs/benchmarks.md, and as a picture beside it."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import vl_convert

from contracts.errors import FatalError

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "build" / "benchmarks"
SUMMARY = ROOT / "build" / "bench.json"
PAGE = ROOT / "docs" / "benchmarks.md"
PICTURES = ROOT / "docs" / "images"


class Figures(NamedTuple):
    """A table of figures, one row a contender: the first column is its name."""

    name: str
    command: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | float]]
    rounds: int
    machine: Mapping[str, str]


def write(figures: Figures, samples: Mapping[str, Any], *, publish: bool, today: date) -> Path:
    """Write all samples as JSON and return its path; with `publish`, write the section of the page too.

    The last figures of every benchmark stand together in build/bench.json.
    """
    RESULTS.mkdir(parents=True, exist_ok=True)
    file = RESULTS / f"{figures.name}.json"
    document = {**figures._asdict(), "date": f"{today}"}
    file.write_text(json.dumps({**document, "samples": samples}, indent=2) + "\n", encoding="utf-8")
    summary = json.loads(SUMMARY.read_text(encoding="utf-8")) if SUMMARY.exists() else {}
    SUMMARY.write_text(json.dumps({**summary, figures.name: document}, indent=2) + "\n", encoding="utf-8")
    if publish:
        PAGE.write_text(replaced(PAGE.read_text(encoding="utf-8"), figures.name, markdown(figures, today)), "utf-8")
    return file


def markdown(figures: Figures, today: date) -> str:
    """Return the table, and below it the command, the machine and the versions."""
    lines = [f"| {' | '.join(figures.columns)} |", f"|---|{'---:|' * (len(figures.columns) - 1)}"]
    lines += [f"| {' | '.join(_cell(value) for value in row)} |" for row in figures.rows]
    machine = ", ".join(f"{name} {value}" for name, value in figures.machine.items())
    what = f"medians of {figures.rounds} rounds in which the contenders take turns" if figures.rounds > 1 else "one run"
    return "\n".join([*lines, "", f"`{figures.command}`, {today}, {what}.", "", f"On: {machine}."])


def replaced(page: str, name: str, content: str) -> str:
    """Return the page with the section between `<!-- name -->` and `<!-- /name -->` replaced.

    Raises FatalError when the page has no such section.
    """
    section = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not section.search(page):
        raise FatalError("The page has no such section", where=f"{PAGE.name}: <!-- {name} -->")
    return section.sub(lambda found: f"{found[1]}{content}\n{found[2]}", page)


def draw_bars(name: str, title: str, bars: Sequence[tuple[str, float]], unit: str) -> Path:
    """Draw one bar for each contender into docs/images/benchmark_<name>.svg, and return its path."""
    chart = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": {"text": title, "anchor": "start"},
        "width": 420,
        "background": "white",
        "data": {"values": [{"contender": bar, "value": value} for bar, value in bars]},
        "encoding": {
            "y": {"field": "contender", "type": "nominal", "sort": None, "title": None},
            "x": {"field": "value", "type": "quantitative", "title": unit},
        },
        "layer": [
            {"mark": {"type": "bar", "color": "#3b6ea5"}},
            {
                "mark": {"type": "text", "align": "left", "dx": 4},
                "encoding": {"text": {"field": "value", "type": "quantitative", "format": ",.0f"}},
            },
        ],
    }
    file = PICTURES / f"benchmark_{name}.svg"
    file.write_text(vl_convert.vegalite_to_svg(chart), encoding="utf-8")
    return file


def _cell(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:,.0f}" if value >= 100 else f"{value:,.1f}"
