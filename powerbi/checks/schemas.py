"""Every JSON file against the schema that it names, from the copies in powerbi/schemas."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from powerbi import FOLDER
from powerbi.checks.finding import Finding

_SCHEMAS = FOLDER / "schemas"
_ADDRESS = "https://developer.microsoft.com/json-schemas/"
_SUFFIXES = {".json", ".pbip", ".pbir", ".pbism"}


def check_schemas(folder: Path) -> Iterator[Finding]:
    """Validate the project's files; `folder` holds Tripline.pbip and both its parts."""
    registry: Registry[Any] = Registry(retrieve=_retrieve)  # type: ignore[call-arg]
    for path in sorted(each for each in [*folder.glob("*.pbip"), *folder.glob("Tripline.*/**/*")] if _is_checked(each)):
        yield from _file(path, str(path.relative_to(folder)), registry)


def _is_checked(path: Path) -> bool:
    of_project = path.suffix in _SUFFIXES or path.name == ".platform"
    return path.is_file() and of_project and "StaticResources" not in path.parts and ".pbi" not in path.parts


def _file(path: Path, where: str, registry: "Registry[Any]") -> Iterator[Finding]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        yield Finding("JSON", where, str(error))
        return
    address = content.get("$schema", "")
    schema = _SCHEMAS / address.removeprefix(_ADDRESS)
    if not address.startswith(_ADDRESS) or not schema.is_file():
        yield Finding("SCHEMA_UNKNOWN", where, address or "no $schema")
        return
    validator = Draft7Validator(json.loads(schema.read_text(encoding="utf-8")), registry=registry)
    for broken in validator.iter_errors(content):
        yield Finding("SCHEMA", where, f"{broken.json_path}: {broken.message[:200]}")


def _retrieve(address: str) -> Resource[Any]:
    path = _SCHEMAS / address.partition("#")[0].removeprefix(_ADDRESS)
    return Resource.from_contents(json.loads(path.read_text(encoding="utf-8")), default_specification=DRAFT7)
