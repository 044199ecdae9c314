"""The lake's door, case by case, and against what Python's own JSON reader says."""

import json
import math
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consumer.gate import MAXIMUM_DEPTH, _refuse_document, all_pass, refuse
from contracts.reasons import DeadLetterReason
from contracts.schema import EXAMPLES

R = DeadLetterReason
DEAD = sorted((EXAMPLES / "invalid").glob("*/*.bin"))
SOUND = sorted((EXAMPLES / "valid").iterdir()) + sorted((EXAMPLES / "invalid").glob("*/*.json"))


def reason_of(value: bytes | None, key: bytes | None = None, maximum: int = 1_000_000) -> DeadLetterReason | None:
    refusal = refuse(key, value, maximum)
    return refusal.reason if refusal else None


@pytest.mark.parametrize("path", DEAD, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_dead_letter_example_is_refused_for_the_reason_of_its_folder(path: Path) -> None:
    assert reason_of(path.read_bytes()) == path.parent.name


@pytest.mark.parametrize("path", SOUND, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_only_breaks_the_contract_lands(path: Path) -> None:
    assert reason_of(path.read_bytes()) is None


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, R.EMPTY),
        (b"", R.EMPTY),
        (b" ", R.NOT_JSON),
        (b"\xff", R.NOT_UTF8),
        (b"\xef\xbb\xbf{}", R.NOT_JSON),
        (b"{} {}", R.NOT_JSON),
        (b"{'a': 1}", R.NOT_JSON),
        (b'{"a": 1,}', R.NOT_JSON),
        (b'"\t"', R.NOT_JSON),
        (b"NaN", R.NOT_JSON),
        (b"[-Infinity]", R.NOT_JSON),
        (b"01", R.NOT_JSON),
        (b"\0", R.NUL_CHARACTER),
        (b'{"a": "\0"}', R.NUL_CHARACTER),
        (b'"\\u0000"', R.NUL_CHARACTER),
        (b'{"a\\u0000": 1}', R.NUL_CHARACTER),
        (b'"\\\\\\u0000"', R.NUL_CHARACTER),
        (b'"\\\\u0000"', None),
        (b'"\\ud83d"', R.REFUSED_BY_LAKE),
        (b'"\\ude00\\ud83d"', R.REFUSED_BY_LAKE),
        (b'"\\ud83d\\ude00"', None),
        (b"true", None),
        (b"null", None),
        (b"[]", None),
        (b'{"a": 1, "a": 2}', None),
        (b"9223372036854775807", None),
        (b"9223372036854775808", R.NUMBER_OUT_OF_RANGE),
        (b"-9223372036854775808", None),
        (b"-9223372036854775809", R.NUMBER_OUT_OF_RANGE),
        (b"18446744073709551616", R.NUMBER_OUT_OF_RANGE),
        (b"1" * 5000, R.NUMBER_OUT_OF_RANGE),
        (b"1e308", None),
        (b"-1.5E+300", None),
        (b"1e309", R.NUMBER_OUT_OF_RANGE),
        (b"1e131071", R.NUMBER_OUT_OF_RANGE),
        (b"1e-300", None),
        (b"1e-400", R.NUMBER_OUT_OF_RANGE),
        (b"0.0", None),
        (b"-0.0", None),
        (b"0e-16383", R.NUMBER_OUT_OF_RANGE),
        (b"0e99999", R.NUMBER_OUT_OF_RANGE),
        (b'{"a": [{"b": 1e-16383}]}', R.NUMBER_OUT_OF_RANGE),
        (b'"[[[[' + b"[" * 100 + b'\\"{{{{"', None),
        (b"[" * 100, R.TOO_DEEP),
    ],
)
def test_gate(value: bytes | None, reason: DeadLetterReason | None) -> None:
    assert reason_of(value) == reason


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize(
    ("depth", "reason"), [(64, None), (65, R.TOO_DEEP), (2_000, R.TOO_DEEP), (100_000, R.TOO_DEEP)]
)
def test_depth(opening: bytes, depth: int, reason: DeadLetterReason | None) -> None:
    closing = b"]" if opening == b"[" else b"}"
    assert reason_of(opening * depth + (b"1" if opening != b"[" else b"") + closing * depth) == reason


def test_size_is_counted_in_bytes() -> None:
    assert reason_of('"é"'.encode(), maximum=4) is None
    assert reason_of('"éa"'.encode(), maximum=4) == R.TOO_LARGE


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (None, None),
        (b"", None),
        (b"trip", None),
        ("fähre".encode(), None),
        (b"\xff", R.NOT_UTF8),
        (b"a\0", R.NUL_CHARACTER),
    ],
)
def test_key(key: bytes | None, reason: DeadLetterReason | None) -> None:
    assert reason_of(b"{}", key=key) == reason


def test_refusal_never_quotes_the_message() -> None:
    for value in (b'{"secret": sesame}', b'["sesame", 1e999]', b'"sesame\\u0000"', b"sesame\xff", b'"sesame \\ud800"'):
        refusal = refuse(None, value, 1_000)
        assert refusal is not None
        assert "sesame" not in refusal.error


texts = st.text().filter(lambda text: "\0" not in text)
documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=30,
)


@given(documents, st.booleans())
def test_every_sound_document_passes(document: object, ascii_only: bool) -> None:
    try:
        payload = json.dumps(document, ensure_ascii=ascii_only).encode()
    except UnicodeEncodeError:
        return
    lone = any(0xD800 <= ord(character) <= 0xDFFF for character in json.dumps(document, ensure_ascii=False))
    assert reason_of(payload) == (R.REFUSED_BY_LAKE if lone else None)


@given(st.integers() | st.decimals(allow_nan=False, allow_infinity=False))
@example(Decimal("1e-324"))
@example(Decimal("4.9e-324"))
@example(2**63)
def test_a_number_passes_exactly_when_it_fits(number: int | Decimal) -> None:
    literal = str(number)
    if isinstance(number, int):
        fits = -(2**63) <= number < 2**63
    elif literal.lstrip("-").isdigit():
        fits = -(2**63) <= int(literal) < 2**63
    else:
        value = float(literal)
        exponent = literal.upper().partition("E")[2].strip("+-")
        fits = math.isfinite(value) and (value != 0 or (number == 0 and len(exponent) <= 3))
    assert reason_of(f'{{"n": {literal}}}'.encode()) == (None if fits else R.NUMBER_OUT_OF_RANGE)


@given(st.binary(max_size=200))
def test_any_bytes_get_one_answer(value: bytes) -> None:
    reason = reason_of(value)
    try:
        json.loads(value.decode())
    except ValueError:
        assert reason is not None
    else:
        assert reason in {None, R.NUMBER_OUT_OF_RANGE, R.NOT_JSON}


def test_maximum_depth_is_what_the_reason_says() -> None:
    assert str(MAXIMUM_DEPTH) in "Nested deeper than 64 levels."


NUMBERS = (
    "1e400",
    "-1e400",
    "0e-9999",
    "1e-400",
    "18446744073709551616",
    "1" * 5_000,
    "NaN",
    "-0",
    "0.0",
    "1.5",
    '"\\u0000"',
)


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("path", sorted((EXAMPLES / "valid").iterdir()), ids=lambda path: path.stem)
def test_an_event_is_judged_as_any_other_document(path: Path, number: str) -> None:
    """Whatever stands in whichever place of an event, the quick way through the door says what the slow one says."""
    text = path.read_text(encoding="utf-8")
    assert refuse(None, text.encode(), 1_000_000) is None
    places = list(re.finditer(r"(?<=: )-?[0-9][0-9.]*(?=[,\n}])", text))
    assert len(places) >= 2
    for found in places:
        changed = f"{text[: found.start()]}{number}{text[found.end() :]}".encode()
        assert refuse(None, changed, 1_000_000) == _refuse_document(changed)


KNOWN = [path for path in sorted((EXAMPLES / "valid").iterdir()) if "unknown_field" not in path.stem]
EVENTS = [path.read_bytes() for path in KNOWN]
COMPACT = [json.dumps(json.loads(event), separators=(",", ":"), ensure_ascii=False).encode() for event in EVENTS]


@pytest.mark.parametrize("events", [EVENTS, COMPACT])
def test_events_pass_together(events: list[bytes]) -> None:
    keys = [b"key", None]
    assert all_pass(keys, events, sum(map(len, events)))
    assert not all_pass(keys, events, sum(map(len, events)) - 1)


@pytest.mark.parametrize("key", ["fähre".encode(), b"\xff", b"a\0"])
def test_one_key_out_of_the_ordinary_has_all_judged_alone(key: bytes) -> None:
    assert not all_pass([b"key", key], COMPACT[:2], 1_000_000)


@pytest.mark.parametrize("value", [None, b"", b"{}", b"[]", b"{", COMPACT[0] + b"," + COMPACT[1], b" " + COMPACT[0]])
def test_one_value_out_of_the_ordinary_has_all_judged_alone(value: bytes | None) -> None:
    assert not all_pass([], [COMPACT[0], value, COMPACT[1]], 1_000_000)


@given(st.data())
def test_what_passes_together_passes_alone(data: st.DataObject) -> None:
    """Events joined and cut anywhere, so that pieces make events together: only whole ones pass."""
    joined = data.draw(st.sampled_from([b",\n", b",", b"\n", b""])).join(
        data.draw(st.lists(st.sampled_from(COMPACT), min_size=1, max_size=4))
    )
    braces = [found.start() for found in re.finditer(rb"[{},\"]", joined)]
    cuts = sorted(data.draw(st.sets(st.sampled_from(braces) | st.integers(0, len(joined)), max_size=4)))
    pieces = [joined[start:end] for start, end in zip([0, *cuts], [*cuts, len(joined)], strict=True)]
    pieces = [piece.removeprefix(b",") if data.draw(st.booleans()) else piece for piece in pieces]
    if all_pass([], pieces, 1_000_000):
        assert all(refuse(None, piece, 1_000_000) is None for piece in pieces)


def test_a_text_across_the_separator_is_no_text() -> None:
    """Two events in one message and one event in two, whose vehicle would be called `a,\\n{b`: as many as messages."""
    before, after = COMPACT[0].split(b'"vehicle_id":"')
    halves = before + b'"vehicle_id":"a', b"{b" + after
    assert not all_pass([], [COMPACT[0] + b"," + COMPACT[0], *halves], 1_000_000)
    fare = b'{"fare":{"total":1'
    assert not all_pass([], [COMPACT[0] + b"," + COMPACT[0], fare, b'{"tip":1}}'], 1_000_000)
