"""The lake's door: can `jsonb` hold this message, and can whoever reads it later read it back?

An event just as the contract has it is sound, and `msgspec` sees that in a third of the time that all else takes, of
many events at once in a fifth. Of a message of any other kind `orjson` decides the grammar in one pass, and a walk over
the parsed values finds what it lets through (numbers beyond 64 bits or beyond a double, which `jsonb` would blow up to
thousands of digits, and nesting). Only a message that one of the two stumbles over is read again, slowly, to name the
reason.
"""

import json
import re
from collections.abc import Iterable, Sequence
from itertools import accumulate
from operator import itemgetter
from typing import Any, NamedTuple, Never

import msgspec
import orjson

from contracts.event import Fare, Location, TripEvent
from contracts.reasons import DeadLetterReason

MAXIMUM_DEPTH = 64
SMALLEST_INTEGER, LARGEST_INTEGER = -(2**63), 2**63 - 1
_INTEGER_DIGITS = 20
# Zero written with a longer exponent ("0e-9999") would become thousands of digits in Postgres.
_ZERO_EXPONENT_DIGITS = 3
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NUL_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_BRACKET = re.compile(rb"[\[\]{}]")


class Refusal(NamedTuple):
    """Why a message becomes a dead letter; `error` never quotes it."""

    reason: DeadLetterReason
    error: str


class _Location(Location, frozen=True, gc=False, forbid_unknown_fields=True):
    """A location and nothing else."""


class _Fare(Fare, frozen=True, gc=False, forbid_unknown_fields=True):
    """A fare and nothing else."""


class _Event(TripEvent, frozen=True, gc=False, forbid_unknown_fields=True):
    """An event without a field that the contract does not know: every number in it is in its range."""

    location: _Location | None = None
    fare: _Fare | None = None


_decode_event = msgspec.json.Decoder(_Event).decode
_decode_events = msgspec.json.Decoder(list[_Event]).decode
_first_byte = itemgetter(0)


class _OutOfRangeError(Exception):
    """A number that neither a 64-bit integer nor a double holds."""


def refuse(key: bytes | None, value: bytes | None, maximum_bytes: int) -> Refusal | None:
    """Return why the message cannot land, or None when it can.

    `maximum_bytes` bounds the value. The key lands as text: UTF-8 without U+0000.
    """
    if key is not None and not (key.isascii() and b"\0" not in key):
        refusal = _refuse_key(key)
        if refusal:
            return refusal
    if not value:
        return Refusal(DeadLetterReason.EMPTY, "a tombstone" if value is None else "no bytes")
    if len(value) > maximum_bytes:
        return Refusal(DeadLetterReason.TOO_LARGE, f"{len(value)} bytes, of {maximum_bytes} allowed")
    return None if _is_event(value) else _refuse_document(value)


def all_pass(keys: Iterable[bytes | None], values: Sequence[bytes | None], maximum_bytes: int) -> bool:
    """Whether all these messages certainly can land: events of the contract, together no larger than one may be.

    False says nothing against any of them: `refuse` then judges each.
    """
    bodies = [value for value in values if value]
    if len(bodies) < len(values) or sum(map(len, bodies)) > maximum_bytes:
        return False
    names = b"".join(key for key in keys if key)
    return names.isascii() and b"\0" not in names and _are_events(bodies)


def _refuse_document(value: bytes) -> Refusal | None:
    try:
        document = orjson.loads(value)
    except orjson.JSONDecodeError:
        # JSON's grammar allows half a surrogate pair, which no UTF-8 text and no jsonb can hold.
        return _name(value) or Refusal(DeadLetterReason.REFUSED_BY_LAKE, "a lone surrogate is no character")
    if _is_plain((document,), MAXIMUM_DEPTH) and not (b"\\" in value and _NUL_ESCAPE.search(value)):
        return None
    return _name(value)


def _are_events(values: Sequence[bytes]) -> bool:
    """Whether each message certainly is one event. Without escapes, no string of them can hold U+0000."""
    # Read as one list. A message that is not whole would go on behind the separator: in a string, which holds no line
    # break, or in a list of names or an object, which go on with a quote and not with a brace.
    document = b"[%b]" % b",\n".join(values)
    if b"\\" in document or set(map(_first_byte, values)) != {ord("{")}:
        return False
    try:
        events = _decode_events(document)
    except ValueError:
        return False
    return len(events) == len(values) and all(map(_is_certain, events))


def _is_event(value: bytes) -> bool:
    """Whether the message certainly is an event, as `_are_events` has it."""
    try:
        return b"\\" not in value and _is_certain(_decode_event(value))
    except ValueError:
        return False


def _is_certain(event: _Event) -> bool:
    """Whether the event was written as it was read: a zero may be an underflow."""
    location = event.location
    return location is None or (location.lat != 0.0 and location.lng != 0.0)


def _refuse_key(key: bytes) -> Refusal | None:
    if b"\0" in key:
        return Refusal(DeadLetterReason.NUL_CHARACTER, "the key holds U+0000")
    return None if _is_utf8(key) else Refusal(DeadLetterReason.NOT_UTF8, "the key is not UTF-8")


def _is_plain(values: Any, levels: int) -> bool:
    """Whether all numbers are certainly in range and containers nest at most `levels` deep."""
    for value in values:
        kind = type(value)
        if kind is str:
            continue
        if kind is int:
            if not SMALLEST_INTEGER <= value <= LARGEST_INTEGER:
                return False
        elif kind is float:
            # Zero may be an underflow, and from 2^63 on it may have been an integer.
            if value == 0.0 or not SMALLEST_INTEGER < value < LARGEST_INTEGER:
                return False
        elif kind is dict:
            if levels == 0 or not _is_plain(value.values(), levels - 1):
                return False
        elif kind is list and (levels == 0 or not _is_plain(value, levels - 1)):
            return False
    return True


def _name(value: bytes) -> Refusal | None:
    """Read a suspicious message thoroughly; None when it is sound after all."""
    if not _is_utf8(value):
        return Refusal(DeadLetterReason.NOT_UTF8, "the value is not UTF-8")
    if b"\0" in value:
        return Refusal(DeadLetterReason.NUL_CHARACTER, "the value holds a NUL byte")
    depth = _depth(value)
    if depth > MAXIMUM_DEPTH:
        return Refusal(DeadLetterReason.TOO_DEEP, f"nested {depth} levels deep, of {MAXIMUM_DEPTH} allowed")
    return _refuse_text(value.decode())


def _refuse_text(text: str) -> Refusal | None:
    try:
        json.loads(text, parse_int=_check_integer, parse_float=_check_float, parse_constant=_refuse_constant)
    except _OutOfRangeError:
        return Refusal(DeadLetterReason.NUMBER_OUT_OF_RANGE, "a number beyond 64-bit integers and doubles")
    except json.JSONDecodeError as error:
        return Refusal(DeadLetterReason.NOT_JSON, f"not one JSON document, from character {error.pos}")
    except ValueError:
        return Refusal(DeadLetterReason.NOT_JSON, "NaN and Infinity are not JSON")
    if _NUL_ESCAPE.search(text.encode()):
        return Refusal(DeadLetterReason.NUL_CHARACTER, "a string or a key holds U+0000")
    return None


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _depth(value: bytes) -> int:
    brackets = _BRACKET.findall(_STRING.sub(b"", value))
    return max(accumulate(1 if bracket in b"[{" else -1 for bracket in brackets), default=0)


def _check_integer(literal: str) -> None:
    if len(literal) > _INTEGER_DIGITS or not SMALLEST_INTEGER <= int(literal) <= LARGEST_INTEGER:
        raise _OutOfRangeError


def _check_float(literal: str) -> None:
    number = float(literal)
    mantissa, _, exponent = literal.lower().partition("e")
    if number in {float("inf"), float("-inf")}:
        raise _OutOfRangeError
    if number == 0.0 and (mantissa.strip("-0.") or len(exponent.strip("+-")) > _ZERO_EXPONENT_DIGITS):
        raise _OutOfRangeError


def _refuse_constant(name: str) -> Never:
    raise ValueError(name)
