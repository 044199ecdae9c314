"""Rules and patches mend what they say, touch nothing else, and never let through what the lake's door refuses."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.dead_letter_rules import Mending, Rule, merge, read_patch
from consumer.gate import Refusal, refuse
from contracts.errors import PoisonError
from contracts.reasons import DeadLetterReason

MAXIMUM = 1_000_000
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("rules", "before", "after"),
    [
        (["unchanged"], b'{"a": 1}', b'{"a": 1}'),
        (["strip-bom"], b'\xef\xbb\xbf{"a": 1}', b'{"a": 1}'),
        (["decode-latin-1"], b'{"a": "\xe9"}', '{"a": "é"}'.encode()),
        (["decode-utf-16"], '{"a": "é"}'.encode("utf-16"), '{"a": "é"}'.encode()),
        (["remove-nul"], b'{"a\\u0000": "\x00b\\\\u0000"}', b'{"a": "b\\\\u0000"}'),
        (
            ["nan-to-null"],
            b'{"a": [NaN, -Infinity, Infinity, "NaN \\" NaN"]}',
            b'{"a": [null, null, null, "NaN \\" NaN"]}',
        ),
        (["strip-bom", "remove-nul"], b'\xef\xbb\xbf"\\u0000"', b'""'),
    ],
)
def test_rules(rules: list[str], before: bytes, after: bytes) -> None:
    assert Mending([Rule(each) for each in rules]).apply(b"key", before, MAXIMUM) == (b"key", after)


def test_without_key() -> None:
    assert Mending([Rule.DROP_KEY]).apply(b"\xff", b"{}", MAXIMUM) == (None, b"{}")


@pytest.mark.parametrize(
    ("target", "patch", "merged"),
    [
        # The examples of RFC 7396, appendix A.
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"a": "foo"}, None, None),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patch(target: object, patch: object, merged: object) -> None:
    assert merge(target, patch) == merged


@given(JSON, st.dictionaries(st.text(), JSON))
def test_merging_twice_is_merging_once(target: object, patch: dict[str, object]) -> None:
    assert merge(merge(target, patch), patch) == merge(target, patch)


def test_value_then_rules_then_patch() -> None:
    mending = Mending([Rule.STRIP_BOM], {"b": 2}, b'\xef\xbb\xbf{"a": 1}')
    assert mending.apply(None, b"lost", MAXIMUM) == (None, b'{"a":1,"b":2}')
    assert mending.method == "other bytes, strip-bom, merge patch"
    assert "lost" not in repr(mending)


@given(st.binary(max_size=60), st.lists(st.sampled_from(Rule), max_size=3))
def test_what_a_mending_lets_through_the_door_lets_through(value: bytes, rules: list[Rule]) -> None:
    mended = Mending(rules).apply(None, value, MAXIMUM)
    assert isinstance(mended, Refusal) or refuse(*mended, MAXIMUM) is None


def test_what_stays_refused_has_a_reason() -> None:
    assert Mending([Rule.UNCHANGED]).apply(None, None, MAXIMUM) == Refusal(DeadLetterReason.EMPTY, "no bytes")
    refused = Mending([], {"a": 1}).apply(None, b"not JSON", MAXIMUM)
    assert isinstance(refused, Refusal)
    assert "not JSON" not in refused.error


def test_a_patch_is_an_object() -> None:
    assert read_patch(b'{"a": null}', "p.json") == {"a": None}
    for content in (b"[]", b"{", b"\xff"):
        with pytest.raises(PoisonError, match=r"p\.json"):
            read_patch(content, "p.json")


@given(JSON)
def test_sound_documents_pass_all_rules_for_json_unchanged(document: object) -> None:
    value = orjson.dumps(document)
    if b"\\u0000" not in value:
        rules = [Rule.UNCHANGED, Rule.STRIP_BOM, Rule.REMOVE_NUL, Rule.NAN_TO_NULL]
        assert Mending(rules).apply(None, value, MAXIMUM) == (None, value)
