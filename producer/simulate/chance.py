"""Chance without a state: the same name gives the same draws, whenever and in whatever order they are asked for."""

from hashlib import shake_128
from struct import Struct

NUMBERS = 9
ONE = 2**32
_IDS, _DIGITS = 6, 12
_numbers = Struct(f">{NUMBERS}I")
_digest_bytes = _numbers.size + 8 + _IDS * _DIGITS // 2


def draw_numbers(name: str) -> tuple[int, ...]:
    """Return `NUMBERS` integers below `ONE`."""
    return _numbers.unpack(shake_128(name.encode()).digest(_numbers.size))


def draw(name: str) -> tuple[tuple[int, ...], list[str]]:
    """Return the same integers, and six UUIDs that differ in their last twelve digits.

    They are of version 8: made by a rule of our own.
    """
    digest = shake_128(name.encode()).digest(_digest_bytes)
    text = digest[_numbers.size :].hex()
    family = f"{text[:8]}-{text[8:12]}-8{text[12:15]}-a{text[13:16]}-"
    ids = [family + text[at : at + _DIGITS] for at in range(16, 16 + _IDS * _DIGITS, _DIGITS)]
    return _numbers.unpack_from(digest), ids
