"""The JSON Schema of the trip event, generated from the typed model so that the two cannot part.

`python -m contracts.schema` writes it; a test holds that the committed file is what this module makes.
"""

import json
from pathlib import Path
from typing import Any

import msgspec

from contracts.event import FARE_BEARING, TripEvent

SCHEMA_FILE = Path(__file__).with_name("trip_event.v1.schema.json")
EXAMPLES = Path(__file__).with_name("examples")


def trip_event_schema() -> dict[str, Any]:
    """Return the schema (draft 2020-12), including the rule that completed and adjusted trips carry a fare."""
    (reference,), definitions = msgspec.json.schema_components([TripEvent], ref_template="#/$defs/{name}")
    root = definitions.pop(reference["$ref"].rsplit("/", 1)[1])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:tripline:trip_event:v1",
        **root,
        "if": {"properties": {"event_types": {"contains": {"enum": sorted(FARE_BEARING)}}}},
        "then": {"required": ["fare"], "properties": {"fare": {"type": "object"}}},
        "$defs": definitions,
    }


def write() -> None:
    """Write the schema beside this module."""
    SCHEMA_FILE.write_text(json.dumps(trip_event_schema(), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
