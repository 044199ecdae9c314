"""Write the pages as PBIR files. The same description makes the same bytes: ids are hashes of keys."""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from powerbi.design.expressions import Json, between, colour, expression, field_of, gradient, projection, reference
from powerbi.design.pages import PAGES
from powerbi.design.theme import MID_BLUE, ORANGE, PALE_BLUE, THEME_NAME, theme
from powerbi.design.visuals import HEIGHT, WIDTH, Page, Visual, properties
from powerbi.model import Measure, Model

_SCHEMAS = "https://developer.microsoft.com/json-schemas/fabric/"
_REPORT = f"{_SCHEMAS}item/report/"
_MADE_WITH = {"visual": "2.9.0", "report": "3.3.0", "page": "2.1.0"}
_BASE_THEME = "CY26SU10"
_PHONE_WIDTH, _PHONE_GAP = 320, 8


def stable_id(*keys: str) -> str:
    """Return 20 hexadecimal digits, Power BI's habit, that never change for the same keys."""
    return sha256("/".join(keys).encode()).hexdigest()[:20]


def report_files(model: Model) -> dict[str, Json]:
    """Return the content of every file of the `.Report` folder that is generated, by path.

    Raises BadInputError when a page uses a field that the model does not have.
    """
    ids = [stable_id(page.key) for page in PAGES]
    files: dict[str, Json] = {
        ".platform": _platform(),
        "definition.pbir": {
            "$schema": f"{_REPORT}definitionProperties/2.0.0/schema.json",
            "version": "4.0",
            "datasetReference": {"byPath": {"path": "../Tripline.SemanticModel"}},
        },
        "definition/version.json": {
            "$schema": f"{_REPORT}definition/versionMetadata/1.0.0/schema.json",
            "version": "2.0.0",
        },
        "definition/report.json": _report(),
        "definition/pages/pages.json": {
            "$schema": f"{_REPORT}definition/pagesMetadata/1.1.0/schema.json",
            "pageOrder": ids,
            "activePageName": ids[0],
        },
        f"StaticResources/RegisteredResources/{THEME_NAME}": theme(),
    }
    for page in PAGES:
        files |= {f"definition/pages/{stable_id(page.key)}/{name}": made for name, made in _page(page, model)}
    return files


def write_report(folder: Path, model: Model) -> None:
    """Write the files, and remove pages and visuals that are no longer described."""
    files = report_files(model)
    for stale in sorted((folder / "definition" / "pages").rglob("*.json")):
        if str(stale.relative_to(folder)) not in files:
            stale.unlink()
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(to_text(content), encoding="utf-8")


def to_text(content: Json) -> str:
    """Return the text of a file."""
    return json.dumps(content, indent=2) + "\n"


def _platform() -> Json:
    return {
        "$schema": f"{_SCHEMAS}gitIntegration/platformProperties/2.0.0/schema.json",
        "metadata": {"type": "Report", "displayName": "Tripline"},
        "config": {"version": "2.0", "logicalId": "8f0c35f8-2b0e-5b5e-9d4e-6f2d4a3f1c07"},
    }


def _report() -> Json:
    def package(name: str, item: str, path: str, kind: str) -> Json:
        return {"name": name, "type": name, "items": [{"name": item, "path": path, "type": kind}]}

    return {
        "$schema": f"{_REPORT}definition/report/3.3.0/schema.json",
        "themeCollection": {
            "baseTheme": {
                "name": _BASE_THEME,
                "reportVersionAtImport": {"visual": "2.11.0", "report": "3.4.0", "page": "2.3.1"},
                "type": "SharedResources",
            },
            "customTheme": {"name": THEME_NAME, "reportVersionAtImport": _MADE_WITH, "type": "RegisteredResources"},
        },
        "resourcePackages": [
            package("SharedResources", _BASE_THEME, f"BaseThemes/{_BASE_THEME}.json", "BaseTheme"),
            package("RegisteredResources", THEME_NAME, THEME_NAME, "CustomTheme"),
        ],
        "settings": {
            "useStylableVisualContainerHeader": True,
            "exportDataMode": "AllowSummarized",
            "defaultDrillFilterOtherVisuals": True,
            "allowChangeFilterTypes": True,
            "useEnhancedTooltips": True,
            "useDefaultAggregateDisplayName": True,
        },
    }


def _page(page: Page, model: Model) -> Iterator[tuple[str, Json]]:
    yield (
        "page.json",
        {
            "$schema": f"{_REPORT}definition/page/2.1.0/schema.json",
            "name": stable_id(page.key),
            "displayName": page.name,
            "displayOption": "FitToPage",
            "height": HEIGHT,
            "width": WIDTH,
        },
    )
    down = _PHONE_GAP
    for order, visual in enumerate(page.visuals):
        name = stable_id(page.key, visual.key)
        yield f"visuals/{name}/visual.json", _visual(name, order, visual, model)
        yield f"visuals/{name}/mobile.json", _phone(order, visual, down)
        down += visual.phone_height + _PHONE_GAP


def _phone(order: int, visual: Visual, down: int) -> Json:
    place = {"x": 0, "y": down, "z": order * 1000, "height": visual.phone_height, "width": _PHONE_WIDTH}
    return {
        "$schema": f"{_REPORT}definition/visualContainerMobileState/2.4.0/schema.json",
        "position": place | {"tabOrder": order * 1000},
    }


def _visual(name: str, order: int, visual: Visual, model: Model) -> Json:
    content: Json = {"visualType": visual.kind}
    if visual.roles:
        content["query"] = _query(visual, model)
    objects = dict(visual.objects) | _formatting(visual, model)
    if objects:
        content["objects"] = objects
    content["visualContainerObjects"] = {
        "title": [properties(show=visual.show_title, text=visual.title)],
        "general": [properties(altText=visual.alt)],
    } | ({"visualLink": list(visual.action)} if visual.action else {})
    if visual.synced:
        content["syncGroup"] = {"groupName": visual.synced, "fieldChanges": True, "filterChanges": True}
    content["drillFilterOtherVisuals"] = True
    made: Json = {
        "$schema": f"{_REPORT}definition/visualContainer/2.9.0/schema.json",
        "name": name,
        "position": visual.place._asdict() | {"z": order * 1000, "tabOrder": order * 1000},
        "visual": content,
    }
    if visual.only:
        made["filterConfig"] = {"filters": [_filter(name, each, visual, model) for each in visual.only]}
    return made


def _query(visual: Visual, model: Model) -> Json:
    roles = {
        role: {"projections": [projection(field_of(model, each)) for each in fields]}
        for role, fields in visual.roles.items()
    }
    if not visual.sort:
        return {"queryState": roles}
    descending = visual.sort.startswith("-")
    by = expression(field_of(model, visual.sort.removeprefix("-")))
    sort = {"field": by, "direction": "Descending" if descending else "Ascending"}
    return {"queryState": roles, "sortDefinition": {"sort": [sort]}}


def _formatting(visual: Visual, model: Model) -> Json:
    """Return the objects that refer to fields: a coloured matrix, a line with its band."""
    made: Json = {}
    if visual.heat:
        field = field_of(model, visual.heat)
        every_cell = {"data": [{"dataViewWildcard": {"matchingOption": 1}}], "metadata": reference(field)}
        made["values"] = [{"properties": {"backColor": gradient(field, PALE_BLUE, MID_BLUE)}, "selector": every_cell}]
    if visual.band:
        line, lower, upper = (field_of(model, each) for each in visual.band)
        series = {"metadata": reference(line)}
        bounds = {
            "kind": "ErrorRange",
            "explicit": {
                "isRelative": properties(value=False)["properties"]["value"],
                "lowerBound": {"expr": expression(lower)},
                "upperBound": {"expr": expression(upper)},
            },
        }
        band = properties(enabled=True, barShow=False, shadeShow=True, shadeColor=colour(ORANGE))
        band["properties"]["errorRange"] = bounds
        made["error"] = [band | {"selector": series}]
        made["lineStyles"] = [properties(lineStyle="dashed") | {"selector": series}]
    return made


def _filter(name: str, measure: str, visual: Visual, model: Model) -> Json:
    field = field_of(model, measure)
    assert isinstance(field, Measure)  # noqa: S101 - `only` names measures
    least, most = visual.only[measure]
    return {
        "name": stable_id(name, measure),
        "field": expression(field),
        "type": "Advanced",
        "filter": between(field, least, most),
        "howCreated": "User",
    }
