"""JSON documents as Arrow columns, read by Arrow itself: no Python object for a value, and no lock held meanwhile."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
from pyarrow.json import ParseOptions, ReadOptions, read_json

Path = tuple[str, ...]
Tree = dict[str, Any]


def read_documents(payloads: Sequence[bytes], types: Mapping[Path, pa.DataType]) -> dict[Path, pa.Array]:
    """Return the values at these paths, a row a document; what is absent is NULL, what was not asked for is left out.

    The documents are objects without a line feed, as jsonb writes them, whose values at these paths are of these types.
    """
    content = b"\n".join(payloads)
    table = read_json(
        pa.BufferReader(content),
        ReadOptions(use_threads=False, block_size=len(content) + 1),
        ParseOptions(explicit_schema=pa.schema(_fields(types)), unexpected_field_behavior="ignore"),
    )
    return {path: array for name in table.column_names for path, array in _leaves((name,), table.column(name).chunk(0))}


def _fields(types: Mapping[Path, pa.DataType]) -> list[pa.Field]:
    tree: Tree = {}
    for path, kind in types.items():
        part = tree
        for name in path[:-1]:
            part = part.setdefault(name, {})
        part[path[-1]] = kind
    return _structs(tree)


def _structs(tree: Tree) -> list[pa.Field]:
    return [
        pa.field(name, pa.struct(_structs(part)) if isinstance(part, dict) else part) for name, part in tree.items()
    ]


def _leaves(path: Path, array: pa.Array) -> Iterator[tuple[Path, pa.Array]]:
    if not pa.types.is_struct(array.type):
        yield path, array
        return
    # Unlike `field`, it makes what is in a struct that is NULL itself NULL.
    for field, part in zip(array.type, array.flatten(), strict=True):
        yield from _leaves((*path, field.name), part)
