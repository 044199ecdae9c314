"""The report as typed objects, read from its PBIR files."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from contracts.errors import BadInputError
from powerbi import REPORT_FOLDER

Json = dict[str, Any]


class FieldReference(NamedTuple):
    """A field as a file names it, whether or not the model has it."""

    kind: str
    """`Column`, `Measure` or `Hierarchy`."""
    table: str
    name: str


class Place(NamedTuple):
    """Where a visual stands, pixels from the page's upper left corner."""

    x: float
    y: float
    width: float
    height: float


class Sort(NamedTuple):
    """What a visual's rows are ordered by."""

    field: FieldReference
    descending: bool


class Between(NamedTuple):
    """A visual's filter: only rows whose measure lies between the two."""

    field: FieldReference
    least: int
    most: int


@dataclass(frozen=True)
class Visual:
    """One visual and the parts of its file that checks and the preview need; `content` is the whole file."""

    page: str
    id: str
    kind: str
    place: Place
    tab_order: float
    title: str
    shows_title: bool
    alt: str
    roles: dict[str, tuple[FieldReference, ...]]
    sort: Sort | None
    only: tuple[Between, ...]
    content: Json
    phone: Place | None

    def __str__(self) -> str:
        """Page and title, for messages."""
        return f"{self.page} / {self.title or self.id}"


@dataclass(frozen=True)
class Page:
    """One page with its visuals in the order of the Tab key."""

    id: str
    name: str
    width: int
    height: int
    visuals: tuple[Visual, ...]


@dataclass(frozen=True)
class Report:
    """The pages in their order, and the theme."""

    pages: tuple[Page, ...]
    theme: Json

    def visuals(self) -> Iterator[Visual]:
        """Return the visuals of all pages."""
        return (visual for page in self.pages for visual in page.visuals)


def read_report(folder: Path = REPORT_FOLDER) -> Report:
    """Return the report of a `.Report` folder.

    Raises BadInputError when a file is missing or is not JSON.
    """
    pages = folder / "definition" / "pages"
    theme = next(iter(sorted((folder / "StaticResources" / "RegisteredResources").glob("*.json"))), None)
    return Report(
        pages=tuple(_page(pages / name) for name in read_json(pages / "pages.json").get("pageOrder", [])),
        theme=read_json(theme) if theme else {},
    )


def read_json(path: Path) -> Json:
    """Return a file's JSON object.

    Raises BadInputError when it cannot be read.
    """
    try:
        content: Json = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInputError("Not a readable JSON file", where=str(path)) from error
    return content


def field_references(node: object) -> Iterator[FieldReference]:
    """Return every field that a piece of a file refers to, aliases of a filter's `From` resolved."""
    yield from _references(node, {})


def _references(node: object, aliases: dict[str, str]) -> Iterator[FieldReference]:
    if isinstance(node, dict):
        if isinstance(node.get("From"), list):
            aliases = aliases | {each.get("Name", ""): each.get("Entity", "") for each in node["From"]}
        for kind in ("Column", "Measure", "Hierarchy"):
            found = node.get(kind)
            source = found.get("Expression", {}).get("SourceRef") if isinstance(found, dict) else None
            if isinstance(found, dict) and isinstance(source, dict):
                table = source.get("Entity") or aliases.get(source.get("Source", ""), "")
                yield FieldReference(kind, table, found.get("Property") or found.get("Hierarchy", ""))
        for value in node.values():
            yield from _references(value, aliases)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value, aliases)


def literal_of(objects: Json, name: str, key: str) -> str:
    """Return a formatting literal as text, without its quotes; empty when it is not there."""
    for each in objects.get(name, []):
        value = each.get("properties", {}).get(key, {})
        text = str(value.get("expr", {}).get("Literal", {}).get("Value", "")) if isinstance(value, dict) else ""
        if text:
            return text[1:-1].replace("''", "'") if text.startswith("'") else text
    return ""


def _page(folder: Path) -> Page:
    page = read_json(folder / "page.json")
    name = str(page.get("displayName", ""))
    visuals = [_visual(path.parent, name) for path in sorted(folder.glob("visuals/*/visual.json"))]
    return Page(
        id=str(page.get("name", "")),
        name=name,
        width=int(page.get("width", 0)),
        height=int(page.get("height", 0)),
        visuals=tuple(sorted(visuals, key=lambda visual: visual.tab_order)),
    )


def _visual(folder: Path, page: str) -> Visual:
    content = read_json(folder / "visual.json")
    visual = content.get("visual", {})
    container = visual.get("visualContainerObjects", {})
    query = visual.get("query", {})
    phone = folder / "mobile.json"
    return Visual(
        page=page,
        id=str(content.get("name", "")),
        kind=str(visual.get("visualType", "")),
        place=_place(content.get("position", {})),
        tab_order=float(content.get("position", {}).get("tabOrder", -1)),
        title=literal_of(container, "title", "text"),
        shows_title=literal_of(container, "title", "show") == "true",
        alt=literal_of(container, "general", "altText"),
        roles={
            role: tuple(next(field_references(each.get("field")), _NOTHING) for each in state.get("projections", []))
            for role, state in query.get("queryState", {}).items()
        },
        sort=next(iter(_sorts(query)), None),
        only=tuple(_between(each) for each in content.get("filterConfig", {}).get("filters", [])),
        content=content,
        phone=_place(read_json(phone).get("position", {})) if phone.is_file() else None,
    )


_NOTHING = FieldReference("", "", "")


def _place(position: Json) -> Place:
    return Place(*(float(position.get(key, 0)) for key in Place._fields))


def _sorts(query: Json) -> Iterator[Sort]:
    for each in query.get("sortDefinition", {}).get("sort", []):
        field = next(field_references(each.get("field")), _NOTHING)
        yield Sort(field, each.get("direction") == "Descending")


def _between(content: Json) -> Between:
    """Return the filter; bounds come as `2L`."""
    text = json.dumps(content.get("filter", {}))
    bounds = sorted(int(part.split('"')[0].rstrip("L")) for part in text.split('"Value": "')[1:])
    field = next(field_references(content.get("field")), _NOTHING)
    return Between(field, bounds[0], bounds[-1]) if bounds else Between(field, 0, 0)
