"""The schema file is what the model says, describes every property with its unit, and agrees with the model."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.check import Violation, check
from contracts.reasons import RejectionReason
from contracts.schema import EXAMPLES, SCHEMA_FILE, trip_event_schema

UNITS = (
    "milliseconds",
    "metres",
    "seconds",
    "minor units",
    "decimal degrees",
    "uuid",
    "iso 4217",
    "iso 8601",
    "number of the city's area",
    "no unit",
)
EVENTS = [json.loads(path.read_bytes()) for path in sorted((EXAMPLES / "valid").glob("*.json"))]
SCHEMA = jsonschema.Draft202012Validator(trip_event_schema())
ONLY_IN_THE_MODEL = {RejectionReason.INCONSISTENT, RejectionReason.UNSUPPORTED_VERSION}


def test_schema_file_is_generated_from_the_model() -> None:
    assert json.loads(SCHEMA_FILE.read_bytes()) == trip_event_schema()


def test_schema_is_valid_json_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(trip_event_schema())


def properties() -> Iterator[tuple[str, dict[str, Any]]]:
    schema = trip_event_schema()
    for owner, definition in [("TripEvent", schema), *schema["$defs"].items()]:
        for name, content in definition.get("properties", {}).items():
            branches = [each for each in content.get("anyOf", [content]) if each.get("type") != "null"]
            yield f"{owner}.{name}", branches[0]


@pytest.mark.parametrize(("name", "content"), list(properties()))
def test_every_property_has_a_description_with_its_unit(name: str, content: dict[str, Any]) -> None:
    if set(content) == {"$ref"}:
        content = trip_event_schema()["$defs"][content["$ref"].rsplit("/", 1)[1]]
        assert content["description"], name
        return
    assert any(unit in content["description"].lower() for unit in UNITS), name


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
    | st.sampled_from(["1.0", "1.0\n", "01.0", "2.0", "1", "trip_end", "USD", "usd", "2016-02-30", "2016-05-06\n"])
    | st.sampled_from(["8C1F8A34-0000-5000-8000-000000000000", "8c1f8a34-0000-5000-8000-000000000000"])
)
VALUES = SCALARS | st.lists(SCALARS, max_size=6) | st.dictionaries(st.sampled_from(["lat", "lng", "total"]), SCALARS)


@st.composite
def mutated_events(draw: st.DrawFn) -> dict[str, Any]:
    """Return a valid event in which up to three fields, also of its parts, are gone or hold something else."""
    event: dict[str, Any] = json.loads(json.dumps(draw(st.sampled_from(EVENTS))))
    for _ in range(draw(st.integers(0, 3))):
        parts = [event, *(value for value in event.values() if isinstance(value, dict) and value)]
        part = draw(st.sampled_from(parts))
        name = draw(st.sampled_from(sorted(part)) | st.sampled_from(["surprise", "fare", "location"]))
        if draw(st.booleans()):
            part.pop(name, None)
        else:
            part[name] = draw(VALUES)
    return event


def holds_a_whole_float(value: object) -> bool:
    if isinstance(value, dict):
        return any(holds_a_whole_float(each) for each in value.values())
    return isinstance(value, float) and value.is_integer()


@given(mutated_events())
def test_model_and_schema_agree_on_what_is_an_event(event: dict[str, Any]) -> None:
    found = check(json.dumps(event))
    accepted = SCHEMA.is_valid(event)
    if not isinstance(found, Violation):
        assert accepted
    elif accepted:
        # What JSON Schema cannot say: sums, the calendar, the version, and that 1.0 is not an integer.
        assert found.reason in ONLY_IN_THE_MODEL or holds_a_whole_float(event)


PATTERNED = [name for name, content in properties() if "pattern" in content]


@st.composite
def near_misses(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """Return an event with a fare in which one character of the named field is another, more, or less."""
    event: dict[str, Any] = json.loads((EXAMPLES / "valid" / "trip_end.json").read_bytes())
    owner, field = name.split(".")
    part = event if owner == "TripEvent" else event[owner.lower()]
    value = str(part[field])
    cut = draw(st.integers(0, len(value)))
    put = draw(st.characters(exclude_categories=["Cs"]) | st.sampled_from(["", "\n", "0", "2", "A", "f", "-", "."]))
    part[field] = value[:cut] + put + value[cut + draw(st.integers(0, 1)) :]
    return event


@pytest.mark.parametrize("name", PATTERNED)
@given(data=st.data())
def test_the_check_holds_every_pattern_of_the_schema(name: str, data: st.DataObject) -> None:
    """msgspec leaves the patterns to the check; a field that it forgot would pass here."""
    event = data.draw(near_misses(name))
    found = check(json.dumps(event))
    reason = found.reason if isinstance(found, Violation) else None
    assert (reason is None or reason in ONLY_IN_THE_MODEL) == SCHEMA.is_valid(event)


def test_every_field_with_a_pattern_is_tried() -> None:
    assert set(PATTERNED) >= {"TripEvent.event_id", "TripEvent.service_date", "Fare.currency"}


@given(mutated_events())
def test_a_violation_names_a_field_and_never_its_value(event: dict[str, Any]) -> None:
    event["vehicle_id"] = ["canary-value"]
    found = check(json.dumps(event))
    assert isinstance(found, Violation)
    assert found.field.startswith("$")
    assert "canary-value" not in found.field
