"""A commit that breaks the contract fails here: the schema of today against the one that was published."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from contracts.compatibility import BASELINE_FILE, breaking_changes
from contracts.event import SCHEMA_MAJOR
from contracts.schema import trip_event_schema

Schema = dict[str, Any]
BASELINE: Schema = json.loads(BASELINE_FILE.read_text(encoding="utf-8"))


def changed(change: Callable[[Schema], object]) -> list[str]:
    schema = copy.deepcopy(BASELINE)
    change(schema)
    assert schema != BASELINE, "the change changes nothing"
    return breaking_changes(BASELINE, schema)


def test_the_contract_accepts_every_event_of_the_published_version() -> None:
    """To break it on purpose, make a new major version: docs/schema-evolution.md."""
    assert BASELINE["$id"].endswith(f"v{SCHEMA_MAJOR}")
    assert breaking_changes(BASELINE, trip_event_schema()) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda s: s["properties"].pop("vehicle_id"), "$: vehicle_id was removed"),
        (lambda s: s["$defs"]["Fare"]["properties"].pop("tip"), "$.fare: tip was removed"),
        (lambda s: s["required"].append("distance"), "$: distance is required now"),
        (lambda s: s["$defs"]["Location"]["required"].append("alt"), "$.location: alt is required now"),
        (lambda s: s["properties"]["timestamp"].update(type="string"), "$.timestamp: type was integer and is string"),
        (lambda s: s["properties"]["timestamp"].update(minimum=10**12), "$.timestamp: minimum was 946684800000 and is"),
        (lambda s: s["properties"]["event_types"].update(maxItems=3), "$.event_types: maxItems was 4 and is 3"),
        (lambda s: s["properties"]["vehicle_id"].update(maxLength=64), "$.vehicle_id: maxLength was 255 and is 64"),
        (lambda s: s["properties"]["vehicle_id"].update(pattern="^[0-9]+$"), "$.vehicle_id: pattern has changed"),
        (lambda s: s["properties"]["vehicle_id"].update(format="uuid"), "$.vehicle_id: format has changed"),
        (
            lambda s: s["$defs"]["EventType"]["enum"].remove("trip_voided"),
            "$.event_types[]: no longer accepts trip_voided",
        ),
        (lambda s: s["$defs"]["PaymentType"]["enum"].remove("cash"), "$.fare.payment_type: no longer accepts cash"),
        (
            lambda s: s["$defs"]["Location"]["properties"]["lat"].update(type="integer"),
            "$.location.lat: type was number",
        ),
        (lambda s: not_null(s, "distance"), "$.distance: no longer accepts null"),
        (lambda s: alternative(s, "distance").update(maximum=1000), "$.distance: maximum was 10000000 and is 1000"),
        (lambda s: s["then"]["required"].append("distance"), "$: then has changed"),
        (lambda s: s.update(additionalProperties=False), "$: refuses fields that it does not know"),
        (lambda s: s.update(dependentRequired={"fare": ["distance"]}), "$: has a rule that nobody compares"),
    ],
)
def test_a_breaking_change_is_caught(change: Callable[[Schema], object], told: str) -> None:
    assert [each[: len(told)] for each in changed(change)] == [told]


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s["properties"].update(shared={"type": "boolean", "description": "Whether others rode along."}),
        lambda s: s["required"].remove("device_id"),
        lambda s: s["properties"]["vehicle_id"].update(maxLength=300, description="Longer."),
        lambda s: s["properties"]["vehicle_id"].pop("minLength"),
        lambda s: s["properties"]["timestamp"].update(type="number"),
        lambda s: s["properties"]["timestamp"].update(type=["integer", "null"]),
        lambda s: s["$defs"]["PaymentType"]["enum"].append("barter"),
        lambda s: s["properties"]["trip_id"].pop("pattern"),
        lambda s: alternative(s, "distance").update(maximum=20_000_000),
        lambda s: s["properties"]["device_id"].update(anyOf=[s["properties"]["device_id"].copy(), {"type": "null"}]),
    ],
)
def test_a_wider_contract_is_no_breaking_change(change: Callable[[Schema], object]) -> None:
    assert changed(change) == []


def alternative(schema: Schema, name: str) -> Schema:
    """Return what an optional field is when it is not null."""
    found: Schema = next(each for each in schema["properties"][name]["anyOf"] if each.get("type") != "null")
    return found


def not_null(schema: Schema, name: str) -> None:
    schema["properties"][name]["anyOf"] = [alternative(schema, name)]
