"""Chance without a state: the same name gives the same draws, whenever and in whatever order they are asked for."""

from hashlib import shake_128
from struct import Struct

NUMBERS = 9
ONE = 2**32
_IDS, _ID_DIGITS = 6, 32
_numbers = Struct(f">{NUMBERS}I")
_DIGEST_BYTES = _numbers.size + _IDS * _ID_DIGITS // 2


def draw_numbers(name: str) -> tuple[int, ...]:
    """Return `NUMBERS` integers below `ONE`."""
    return _numbers.unpack(shake_128(name.encode()).digest(_numbers.size))


def draw(name: str) -> tuple[tuple[int, ...], list[str]]:
    """Return the same integers, and six UUIDs (version 8: made by a rule of our own)."""
    digest = shake_128(name.encode()).digest(_DIGEST_BYTES)
    text = digest.hex()
    ids = [
        f"{text[at : at + 8]}-{text[at + 8 : at + 12]}-8{text[at + 13 : at + 16]}"
        f"-a{text[at + 17 : at + 20]}-{text[at + 20 : at + 32]}"
        for at in range(2 * _numbers.size, 2 * _DIGEST_BYTES, _ID_DIGITS)
    ]
    return _numbers.unpack_from(digest), ids
