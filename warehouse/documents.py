"""JSON documents as Arrow columns, read by Arrow itself: no Python object for a value, and no lock held meanwhile."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
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
    return {path: _values(table.column(path[0]).combine_chunks(), path[1:]) for path in types}


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


def _values(column: pa.Array, rest: Path) -> pa.Array:
    return pc.struct_field(column, list(rest)) if rest else column
