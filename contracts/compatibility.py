"""Whether a new version of the contract's schema still accepts, and understands, every event of an older one.

Pure: two JSON Schemas in, the breaking changes out. `trip_event.v1.baseline.json` is the version that was published; a
test holds the generated schema to it. What breaks it is a new major version, with a schema and a topic of its own.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

Schema = dict[str, Any]

BASELINE_FILE = Path(__file__).with_name("trip_event.v1.baseline.json")
# Where a larger value accepts less, and where a smaller one does; absent, nothing is bounded.
LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minContains", "minProperties")
UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxContains", "maxProperties")
# Rules that only narrow, and that nobody can compare: equal, or gone, or the change breaks.
OPAQUE = ("pattern", "format", "const", "multipleOf", "uniqueItems", "not", "if", "then", "else", "allOf", "oneOf")
# Words that accept the same events whatever they say.
ANNOTATIONS = {"$schema", "$id", "$defs", "$comment", "title", "description", "default", "examples", "deprecated"}
COMPARED = {"$ref", "type", "enum", "properties", "required", "items", "anyOf", "additionalProperties"}


def breaking_changes(old: Schema, new: Schema) -> list[str]:
    """Return every change that refuses an event which `old` accepts, or that no longer knows one of its fields.

    Each begins with the JSON path: `$.fare.tip: is required now`.
    """
    return sorted(set(_compare(_Pair(old, new, old, new, "$"))))


class _Pair:
    """The same place of two schemas, with `$ref` followed."""

    def __init__(self, old: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str) -> None:
        self._roots = old_root, new_root
        self.old, self.new, self.path = _resolve(old, old_root), _resolve(new, new_root), path

    def at(self, old: Schema, new: Schema, step: str) -> "_Pair":
        return _Pair(old, new, *self._roots, self.path + step)

    def told(self, change: str) -> str:
        return f"{self.path}: {change}"


def _compare(pair: _Pair) -> Iterator[str]:
    yield from _compare_types(pair)
    yield from _compare_bounds(pair)
    yield from _compare_properties(pair)
    old, new = pair.old, pair.new
    for word in OPAQUE:
        if word in new and new[word] != old.get(word):
            yield pair.told(f"{word} has changed")
    for word in new.keys() - old.keys() - ANNOTATIONS - COMPARED - {*LOWER_BOUNDS, *UPPER_BOUNDS, *OPAQUE}:
        yield pair.told(f"has a rule that nobody compares: {word}")
    if "items" in new:
        yield from _compare(pair.at(old.get("items", {}), new["items"], "[]"))


def _compare_types(pair: _Pair) -> Iterator[str]:
    before, after = _alternatives(pair.old), _alternatives(pair.new)
    if len(before) > 1 or len(after) > 1:
        # Each old alternative has to find one new that accepts all of it.
        for each in before:
            found = [pair.at(each, other, "") for other in after]
            changes = [list(_compare(one)) for one in found]
            if all(changes):
                # Told of the alternative that it was meant to be.
                likely = [told for one, told in zip(found, changes, strict=True) if _kinds(one.old) == _kinds(one.new)]
                yield from (likely or [[pair.told(f"no longer accepts {_named(_kinds(found[0].old))}")]])[0]
        return
    before_kinds, kinds = _kinds(pair.old), _kinds(pair.new)
    if kinds is not None and (before_kinds is None or not all(_is_among(kind, kinds) for kind in before_kinds)):
        yield pair.told(f"type was {_named(before_kinds)} and is {_named(kinds)}")
    if "enum" in pair.new:
        gone = [value for value in pair.old.get("enum", ["any value"]) if value not in pair.new["enum"]]
        if gone:
            yield pair.told(f"no longer accepts {', '.join(map(str, gone))}")


def _compare_bounds(pair: _Pair) -> Iterator[str]:
    for words, narrower in ((LOWER_BOUNDS, float.__gt__), (UPPER_BOUNDS, float.__lt__)):
        for word in words:
            if word in pair.new:
                before, after = pair.old.get(word), pair.new[word]
                if before is None or narrower(float(after), float(before)):
                    yield pair.told(f"{word} was {'not bounded' if before is None else before} and is {after}")


def _compare_properties(pair: _Pair) -> Iterator[str]:
    before, after = pair.old.get("properties", {}), pair.new.get("properties", {})
    for name in sorted(set(pair.new.get("required", [])) - set(pair.old.get("required", []))):
        yield pair.told(f"{name} is required now")
    for name, schema in before.items():
        if name not in after:
            yield pair.told(f"{name} was removed")
        else:
            yield from _compare(pair.at(schema, after[name], f".{name}"))
    # An old event may carry it already, under no rule: producers of a newer minor version send it first.
    if pair.new.get("additionalProperties", True) is False and pair.old.get("additionalProperties", True) is not False:
        yield pair.told("refuses fields that it does not know")


def _alternatives(schema: Schema) -> list[Schema]:
    found: list[Schema] = schema.get("anyOf", [schema])
    return found


def _kinds(schema: Schema) -> list[str] | None:
    kind = schema.get("type")
    return [kind] if isinstance(kind, str) else kind


def _is_among(kind: str, kinds: list[str]) -> bool:
    return kind in kinds or (kind == "integer" and "number" in kinds)


def _named(kinds: list[str] | None) -> str:
    return "any" if kinds is None else " or ".join(kinds)


def _resolve(schema: Schema, root: Schema) -> Schema:
    while "$ref" in schema:
        found: Schema = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
        # What stands beside the reference is a rule too.
        schema = {**found, **{word: value for word, value in schema.items() if word != "$ref"}}
    return schema
