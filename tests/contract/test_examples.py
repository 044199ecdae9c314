"""Every example is what its folder says, to the typed model and to the JSON Schema alike."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import jsonschema
import msgspec
import pytest

from contracts.check import Violation, check
from contracts.event import EventType, TripEvent
from contracts.reasons import DeadLetterReason, RejectionReason
from contracts.schema import EXAMPLES, SCHEMA_FILE

VALID = sorted((EXAMPLES / "valid").iterdir())
REJECTED = sorted(path for reason in RejectionReason for path in (EXAMPLES / "invalid" / reason).iterdir())
DEAD = sorted((EXAMPLES / "invalid").glob("*/*.bin"))
NOT_A_FILE = {DeadLetterReason.TOO_LARGE, DeadLetterReason.ALREADY_REPLAYED}
"""A megabyte of example teaches nobody; the consumer's tests make one."""


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def schema_accepts(payload: bytes) -> bool:
    schema = json.loads(SCHEMA_FILE.read_bytes())
    return jsonschema.Draft202012Validator(schema).is_valid(json.loads(payload))


@pytest.mark.parametrize("path", VALID, ids=name_of)
def test_valid_example_keeps_the_contract_and_round_trips(path: Path) -> None:
    payload = path.read_bytes()
    event = check(payload)
    assert isinstance(event, TripEvent)
    assert schema_accepts(payload)
    encoded = msgspec.json.encode(event)
    assert check(encoded) == event
    assert schema_accepts(encoded)
    kept = json.loads(encoded)
    given = json.loads(payload)
    assert {name: value for name, value in kept.items() if name in given and name != "location"} == {
        name: value for name, value in given.items() if name in kept and name != "location"
    }


@pytest.mark.parametrize("path", REJECTED, ids=name_of)
def test_invalid_example_breaks_exactly_the_rule_of_its_folder(path: Path) -> None:
    found = check(path.read_bytes())
    assert isinstance(found, Violation)
    assert found.reason == path.parent.name
    assert found.field.startswith("$")


def is_utf8(payload: bytes) -> bool:
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True


def is_json(payload: bytes) -> bool:
    try:
        json.loads(payload.decode(), parse_constant=refuse_constant)
    except ValueError:
        return False
    return True


def refuse_constant(name: str) -> None:
    raise ValueError(name)


def numbers_of(payload: bytes) -> list[Decimal]:
    numbers: list[Decimal] = []
    json.loads(
        payload,
        parse_int=lambda text: numbers.append(Decimal(text)),
        parse_float=lambda text: numbers.append(Decimal(text)),
    )
    return numbers


WHAT_MAKES_IT_DEAD: dict[DeadLetterReason, Callable[[bytes], bool]] = {
    DeadLetterReason.EMPTY: lambda payload: payload == b"",
    DeadLetterReason.NOT_UTF8: lambda payload: not is_utf8(payload),
    DeadLetterReason.NOT_JSON: lambda payload: is_utf8(payload) and not is_json(payload),
    DeadLetterReason.NUL_CHARACTER: lambda payload: is_json(payload) and b"\\u0000" in payload,
    DeadLetterReason.NUMBER_OUT_OF_RANGE: lambda payload: max(numbers_of(payload)) > 2**64,
    DeadLetterReason.TOO_DEEP: lambda payload: is_json(payload) and payload.count(b"[") > 64,
    DeadLetterReason.REFUSED_BY_LAKE: lambda payload: is_json(payload) and b"\\ud83d" in payload,
}


@pytest.mark.parametrize("path", DEAD, ids=name_of)
def test_dead_letter_example_is_what_its_folder_says(path: Path) -> None:
    assert WHAT_MAKES_IT_DEAD[DeadLetterReason(path.parent.name)](path.read_bytes())


def test_every_event_type_has_a_valid_example() -> None:
    shown = {kind for path in VALID for kind in json.loads(path.read_bytes())["event_types"]}
    assert shown == set(EventType)


def test_every_reason_has_a_folder_and_every_folder_is_a_reason() -> None:
    folders = {path.name for path in (EXAMPLES / "invalid").iterdir()}
    assert folders == {*RejectionReason, *DeadLetterReason} - NOT_A_FILE
    assert all(any(path.iterdir()) for path in (EXAMPLES / "invalid").iterdir())


def test_event_ids_of_valid_examples_are_unique() -> None:
    ids = [json.loads(path.read_bytes())["event_id"] for path in VALID]
    assert len(ids) == len(set(ids))
