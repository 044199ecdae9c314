"""Ways to break an event, each with the reason that the lake or the contract must give for it."""

import json
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

from contracts.event import TripEvent
from contracts.reasons import DeadLetterReason, RejectionReason
from producer.ids import stable_id
from producer.messages import encoder

Document = dict[str, Any]


class Broken(NamedTuple):
    """Bytes that are no valid event, and why they must be set aside."""

    value: bytes
    reason: RejectionReason | DeadLetterReason


def break_event(event: TripEvent, random: Random) -> Broken:
    """Return a broken copy of the event, with an event id of its own where an id is left."""
    document: Document = json.loads(encoder.encode(event))
    document["event_id"] = stable_id("malformed", event.event_id)
    reason = random.choice(list(_BYTES) + list(_DOCUMENTS))
    if isinstance(reason, DeadLetterReason):
        return Broken(_BYTES[reason](encoder.encode(document)), reason)
    return Broken(encoder.encode(_DOCUMENTS[reason](document)), reason)


_BYTES: dict[DeadLetterReason, Callable[[bytes], bytes]] = {
    DeadLetterReason.EMPTY: lambda _value: b"",
    DeadLetterReason.NOT_UTF8: lambda value: value.replace(b'"vehicle_id":"', b'"vehicle_id":"\xff\xfe'),
    DeadLetterReason.NOT_JSON: lambda value: value[: len(value) // 2],
    DeadLetterReason.NUL_CHARACTER: lambda value: value.replace(b'"vehicle_id":"', b'"vehicle_id":"\\u0000'),
    DeadLetterReason.NUMBER_OUT_OF_RANGE: lambda value: value.replace(b'"fare":', b'"odometer":1e400,"fare":'),
    DeadLetterReason.TOO_DEEP: lambda value: value.replace(b'"fare":', b'"extra":%b,"fare":' % (b"[" * 80 + b"]" * 80)),
}

_DOCUMENTS: dict[RejectionReason, Callable[[Document], Any]] = {
    RejectionReason.NOT_AN_OBJECT: lambda document: [document],
    RejectionReason.MISSING_FIELD: lambda document: {k: v for k, v in document.items() if k != "service_date"},
    RejectionReason.WRONG_TYPE: lambda document: {**document, "timestamp": str(document["timestamp"])},
    RejectionReason.UNKNOWN_VALUE: lambda document: {**document, "event_types": ["trip_pause"]},
    RejectionReason.MALFORMED_VALUE: lambda document: {**document, "trip_id": document["trip_id"].upper()},
    RejectionReason.OUT_OF_RANGE: lambda document: {**document, "timestamp": document["timestamp"] // 1000},
    RejectionReason.UNSUPPORTED_VERSION: lambda document: {**document, "schema_version": "2.0"},
    RejectionReason.INCONSISTENT: lambda document: {**document, "service_date": "2099-01-01"},
}
