"""How dead letters are mended: named rules, a JSON merge patch (RFC 7396), or other bytes."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import orjson

from consumer.gate import Refusal, refuse
from contracts.errors import PoisonError
from contracts.reasons import DeadLetterReason


class Rule(StrEnum):
    """A named way to mend the bytes of a value, or to do without the key."""

    UNCHANGED = "unchanged"
    """As it is: the door has become wider since."""
    STRIP_BOM = "strip-bom"
    """Without a UTF-8 byte order mark at the beginning."""
    DECODE_LATIN_1 = "decode-latin-1"
    """Read as Latin-1 (ISO 8859-1), written as UTF-8."""
    DECODE_UTF_16 = "decode-utf-16"
    """Read as UTF-16 with a byte order mark, written as UTF-8."""
    REMOVE_NUL = "remove-nul"
    """Without U+0000, raw or escaped."""
    NAN_TO_NULL = "nan-to-null"
    """NaN, Infinity and -Infinity, outside strings, as null."""
    DROP_KEY = "drop-key"
    """Published without a key."""


@dataclass(frozen=True)
class Mending:
    """What is done to each letter: `value` instead of its bytes, then the rules in order, then the patch."""

    rules: Sequence[Rule] = ()
    patch: dict[str, Any] | None = None
    value: bytes | None = field(default=None, repr=False)

    @property
    def method(self) -> str:
        """What was done, for the audit; nothing of the message."""
        steps = [*(["other bytes"] if self.value is not None else []), *map(str, self.rules)]
        return ", ".join([*steps, *(["merge patch"] if self.patch is not None else [])])

    def apply(self, key: bytes | None, value: bytes | None, maximum_bytes: int) -> tuple[bytes | None, bytes] | Refusal:
        """Return key and value to be published, or why the lake's door would refuse them still."""
        mended = value or b"" if self.value is None else self.value
        try:
            for rule in self.rules:
                mended = _RULES[rule](mended)
            if self.patch is not None:
                mended = orjson.dumps(merge(orjson.loads(mended), self.patch))
        except (UnicodeError, orjson.JSONDecodeError) as error:
            return Refusal(DeadLetterReason.NOT_JSON, f"cannot be mended so: {type(error).__name__}")
        key = None if Rule.DROP_KEY in self.rules else key
        return refuse(key, mended, maximum_bytes) or (key, mended)


def read_patch(content: bytes, name: str) -> dict[str, Any]:
    """Return the merge patch that a file holds. Raises PoisonError for anything but a JSON object."""
    try:
        patch = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise PoisonError(f"The patch is not JSON, from character {error.pos}", where=name) from error
    if not isinstance(patch, dict):
        raise PoisonError("The patch is not a JSON object", where=name)
    return patch


def merge(target: Any, patch: Any) -> Any:
    """Return `target` with the members of `patch`; null removes one (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged


_NUL_ESCAPE = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
_STRING_OR_NOT_A_NUMBER = re.compile(rb'("(?:[^"\\]|\\.)*")|\bNaN\b|-?\bInfinity\b', re.DOTALL)


def _without_nul(value: bytes) -> bytes:
    before = b""
    # Removing one may bring the next to light: a run of them is matched one by one.
    while before != value:
        before, value = value, _NUL_ESCAPE.sub(rb"\1", value.replace(b"\0", b""))
    return value


_RULES: dict[Rule, Callable[[bytes], bytes]] = {
    Rule.UNCHANGED: bytes,
    Rule.STRIP_BOM: lambda value: value.removeprefix(b"\xef\xbb\xbf"),
    Rule.DECODE_LATIN_1: lambda value: value.decode("latin-1").encode(),
    Rule.DECODE_UTF_16: lambda value: value.decode("utf-16").encode(),
    Rule.REMOVE_NUL: _without_nul,
    Rule.NAN_TO_NULL: lambda value: _STRING_OR_NOT_A_NUMBER.sub(lambda found: found[1] or b"null", value),
    Rule.DROP_KEY: bytes,
}
