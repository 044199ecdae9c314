"""Read TMDL, the text form of a semantic model: a tree of objects by indentation.

Only the part of the language that Tripline's model uses; Microsoft's own parser is the judge (powerbi/microsoft).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from contracts.errors import BadInputError

_NAME = r"(?:'(?:[^']|'')*'|[\w.-]+)"
_HEAD = re.compile(
    rf"(?P<reference>ref )?(?P<kind>table|column|measure|partition|relationship|role|tablePermission|hierarchy|level"
    rf"|expression|annotation|cultureInfo|model|database|refreshPolicy|linguisticMetadata|dataAccessOptions)\b"
    rf"(?: +(?P<name>{_NAME}))?(?: *=(?P<value>.*))?$"
)
_PROPERTY = re.compile(r"(?P<key>\w+)(?:: *(?P<text>.*?)| *=(?P<expression>.*))?$")
_FENCE = "```"


@dataclass
class Node:
    """One object: `kind 'name' = value`, with its properties, its children and its `///` description."""

    kind: str
    name: str = ""
    value: str = ""
    description: str = ""
    reference: bool = False
    properties: dict[str, str] = field(default_factory=dict)
    children: list["Node"] = field(default_factory=list)

    def all(self, kind: str) -> Iterator["Node"]:
        """Return the children of one kind, without mere references."""
        return (child for child in self.children if child.kind == kind and not child.reference)


def read_folder(folder: Path) -> Node:
    """Return every object of a `definition` folder under one root.

    Raises BadInputError with file and line for text that is not TMDL, or a folder without any.
    """
    files = sorted(folder.rglob("*.tmdl"))
    if not files:
        raise BadInputError("No TMDL files", where=str(folder))
    root = Node("folder")
    for path in files:
        _Reader(path).read_into(root)
    return root


def unquote(name: str) -> str:
    """Return an identifier without its quotes."""
    return name[1:-1].replace("''", "'") if name.startswith("'") else name


def split_column(reference: str) -> tuple[str, str]:
    """Return table and column of `Table.'Column Name'`."""
    match = re.fullmatch(rf"('(?:[^']|'')*'|\w+)\.({_NAME})", reference)
    return (unquote(match[1]), unquote(match[2])) if match else (reference, "")


class _Reader:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines = path.read_text(encoding="utf-8").split("\n")
        self._at = 0

    def read_into(self, root: Node) -> None:
        open_objects = [(-1, root)]
        description: list[str] = []
        while self._at < len(self._lines):
            line = self._lines[self._at]
            text = line.strip()
            self._at += 1
            if not text:
                continue
            if text.startswith("///"):
                description.append(text[3:].strip())
                continue
            depth = _depth(line)
            while open_objects[-1][0] >= depth:
                open_objects.pop()
            parent = open_objects[-1][1]
            head = _HEAD.match(text)
            if head:
                node = Node(head["kind"], unquote(head["name"] or ""), description="\n".join(description))
                node.reference = bool(head["reference"])
                if head["value"] is not None:
                    node.value = self._expression(head["value"], depth)
                parent.children.append(node)
                open_objects.append((depth, node))
            else:
                self._property(text, depth, parent)
            description = []

    def _property(self, text: str, depth: int, parent: Node) -> None:
        match = _PROPERTY.match(text)
        if match is None or parent.kind == "folder":
            raise BadInputError("This is not TMDL", where=f"{self._path}:{self._at}")
        if match["expression"] is not None:
            parent.properties[match["key"]] = self._expression(match["expression"], depth)
        else:
            parent.properties[match["key"]] = match["text"] if match["text"] is not None else "true"

    def _expression(self, inline: str, depth: int) -> str:
        """Return the text after `=`: the rest of the line, a fenced block, or the lines two deeper."""
        inline = inline.strip()
        if inline and inline != _FENCE:
            return inline
        block: list[str] = []
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if inline == _FENCE and line.strip() == _FENCE:
                self._at += 1
                break
            if inline != _FENCE and line.strip() and _depth(line) < depth + 2:
                break
            block.append(line)
            self._at += 1
        margin = min((_depth(line) for line in block if line.strip()), default=0)
        return "\n".join(line[margin:] for line in block).strip()


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip("\t"))
