"""Does a payload keep the contract? The typed model decides fast; the JSON Schema names the reason of a refusal."""

import re
from collections.abc import Iterable
from datetime import date
from functools import cache, lru_cache
from typing import Any, NamedTuple

import msgspec
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from contracts.event import (
    CURRENCY_PATTERN,
    DATE_PATTERN,
    FARE_BEARING,
    SCHEMA_MAJOR,
    UUID_PATTERN,
    VERSION_PATTERN,
    TripEvent,
)
from contracts.reasons import RejectionReason
from contracts.schema import trip_event_schema

EPOCH = date(1970, 1, 1)
MILLISECONDS_OF_A_DAY = 86_400_000

_REASON_OF_KEYWORD = {
    "required": RejectionReason.MISSING_FIELD,
    "type": RejectionReason.WRONG_TYPE,
    "anyOf": RejectionReason.WRONG_TYPE,
    "enum": RejectionReason.UNKNOWN_VALUE,
    "pattern": RejectionReason.MALFORMED_VALUE,
    "minLength": RejectionReason.MALFORMED_VALUE,
    "maxLength": RejectionReason.MALFORMED_VALUE,
    "minimum": RejectionReason.OUT_OF_RANGE,
    "maximum": RejectionReason.OUT_OF_RANGE,
    "minItems": RejectionReason.OUT_OF_RANGE,
    "maxItems": RejectionReason.OUT_OF_RANGE,
}


class Violation(NamedTuple):
    """A broken rule: the reason, and the field it was found at (`$.fare.total`; never the value)."""

    reason: RejectionReason
    field: str


_decoder = msgspec.json.Decoder(TripEvent)


def check(payload: bytes | str) -> TripEvent | Violation:
    """Return the typed event, or the first rule that the payload breaks.

    `payload` is one JSON document, as the lake stored it.
    """
    try:
        event = _decoder.decode(payload)
    except msgspec.ValidationError:
        return _explain(msgspec.json.decode(payload))
    if not _patterns_hold(event):
        return _explain(msgspec.json.decode(payload))
    inconsistent = _inconsistent_field(event)
    return Violation(RejectionReason.INCONSISTENT, inconsistent) if inconsistent else event


_is_uuid = re.compile(UUID_PATTERN).match
_is_date = re.compile(DATE_PATTERN).match
_is_version = re.compile(VERSION_PATTERN).match
_is_currency = lru_cache(256)(re.compile(CURRENCY_PATTERN).match)


def _patterns_hold(event: TripEvent) -> bool:
    return (
        _is_uuid(event.event_id) is not None
        and _trip_holds(event.trip_id, event.provider_id, event.device_id, event.service_date, event.schema_version)
        and (event.fare is None or _is_currency(event.fare.currency) is not None)
    )


@lru_cache(8_192)
def _trip_holds(trip_id: str, provider_id: str, device_id: str, service_date: str, version: str) -> bool:
    """Whether what the events of a trip share fits its patterns: matched once a trip."""
    return (
        all(map(_is_uuid, (trip_id, provider_id, device_id)))
        and _is_date(service_date) is not None
        and _is_version(version) is not None
        and not _is_unsupported(version)
    )


def _inconsistent_field(event: TripEvent) -> str | None:
    fare = event.fare
    if fare is None:
        if not FARE_BEARING.isdisjoint(event.event_types):
            return "$.fare"
    elif fare.total != fare.base_fare + fare.tolls + fare.extras + fare.tip:
        return "$.fare.total"
    service_day = _days_since_epoch(event.service_date)
    happened_on = event.timestamp // MILLISECONDS_OF_A_DAY
    return "$.service_date" if service_day is None or service_day > happened_on + 1 else None


@lru_cache(4_096)
def _days_since_epoch(text: str) -> int | None:
    """Return the day's number from 1970-01-01; None when the calendar has no such day."""
    try:
        return (date.fromisoformat(text) - EPOCH).days
    except ValueError:
        return None


def _explain(document: Any) -> Violation:
    if not isinstance(document, dict):
        return Violation(RejectionReason.NOT_AN_OBJECT, "$")
    if _is_unsupported(document.get("schema_version")):
        return Violation(RejectionReason.UNSUPPORTED_VERSION, "$.schema_version")
    errors = sorted(_leaves(_validator().iter_errors(document)), key=lambda error: error.json_path)
    for error in errors:
        if "then" in error.absolute_schema_path:
            return Violation(RejectionReason.INCONSISTENT, "$.fare")
        return Violation(_REASON_OF_KEYWORD[str(error.validator)], _field(error))
    # The typed model is the judge, also where the schema finds nothing to name.
    return Violation(RejectionReason.WRONG_TYPE, "$")


def _is_unsupported(version: object) -> bool:
    if not isinstance(version, str) or _is_version(version) is None:
        return False
    return int(version.partition(".")[0]) != SCHEMA_MAJOR


def _leaves(errors: Iterable[ValidationError]) -> Iterable[ValidationError]:
    """Replace an optional field's `anyOf` error by what is wrong with the value that is there."""
    for error in errors:
        branches = [leaf for leaf in error.context or () if leaf.validator != "type" or leaf.relative_path]
        if branches:
            yield from _leaves(branches)
        else:
            yield error


def _field(error: ValidationError) -> str:
    if error.validator == "required":
        required: list[str] = list(error.validator_value)  # type: ignore[arg-type]
        present: dict[str, Any] = dict(error.instance)  # type: ignore[arg-type]
        missing = next((name for name in required if name not in present), "")
        return f"{error.json_path}.{missing}"
    return str(error.json_path)


@cache
def _validator() -> Validator:
    # 1.0 is an integer to JSON Schema and not to the typed model, which is the stricter.
    strict = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _checker, value: type(value) is int)
    validator: type[Validator] = extend(Draft202012Validator, type_checker=strict)  # type: ignore[no-untyped-call]
    return validator(trip_event_schema())
