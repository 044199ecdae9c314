"""Is a piece of DAX well-formed, and does all that it refers to exist?

Not a parser of the language: it finds what a person gets wrong. Microsoft's engine judges the rest after publishing.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from pbix_mcp.dax.function_catalog import FUNCTION_CATALOG

from powerbi.checks.finding import Finding
from powerbi.model import Model

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|--[^\n]*|/\*.*?\*/)
    |(?P<text>"(?:[^"]|"")*")
    |(?P<table>'(?:[^']|'')+')
    |(?P<field>\[[^\[\]]+\])
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<word>[A-Za-z_][\w.]*)
    |(?P<operator><>|<=|>=|&&|\|\||==|[-+*/^&=<>])
    |(?P<open>[({])|(?P<close>[)}])|(?P<comma>,)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_FUNCTIONS = {name for name, _ in FUNCTION_CATALOG}
_KEYWORDS = {"VAR", "RETURN", "TRUE", "FALSE", "IN", "NOT", "DAY", "MONTH", "QUARTER", "YEAR", "ASC", "DESC", "BLANK"}
_PREFIX = {"-", "+"}


class Token(NamedTuple):
    """A piece of DAX and what it is: `word`, `field`, `operator`, …"""

    kind: str
    text: str


def tokens(dax: str) -> list[Token]:
    """Return the tokens without spaces and comments."""
    found = (Token(str(match.lastgroup), match[0]) for match in _TOKEN.finditer(dax))
    return [token for token in found if token.kind != "space"]


def check_dax(where: str, dax: str, model: Model) -> Iterator[Finding]:
    """Check one expression against the model."""
    found = tokens(dax)
    yield from (Finding("DAX_SYNTAX", where, problem) for problem in _syntax(found))
    yield from (Finding("DAX_REFERENCE", where, problem) for problem in _references(found, model))


def _syntax(found: Sequence[Token]) -> Iterator[str]:
    if not found:
        yield "empty"
        return
    depth = 0
    for token in found:
        depth += (token.kind == "open") - (token.kind == "close")
        if token.kind == "other":
            yield f"unexpected {token.text!r}"
        if depth < 0:
            yield "a bracket is closed that was not opened"
            return
    if depth:
        yield "a bracket is not closed"
    words = [token.text.upper() for token in found if token.kind == "word"]
    if "VAR" in words and "RETURN" not in words:
        yield "VAR without RETURN"
    for token, following in zip(found, [*found[1:], Token("end", "")], strict=True):
        if token.kind in {"operator", "comma"} and following.kind in {"comma", "close", "end"}:
            yield f"nothing after {token.text!r}"
        if token.kind == "operator" and following.kind == "operator" and following.text not in _PREFIX:
            yield f"{token.text!r} before {following.text!r}"
        if token.kind in {"field", "number", "text", "close"} and following.kind in {
            "field",
            "number",
            "text",
            "table",
        }:
            yield f"no operator between {token.text!r} and {following.text!r}"


def _references(found: Sequence[Token], model: Model) -> Iterator[str]:
    names = {table.name.upper(): table.name for table in model.tables}
    variables = {after.text for token, after in pairwise(found) if token.text.upper() == "VAR"}
    end = Token("end", "")
    for before, token, following in zip([end, *found], found, [*found[1:], end], strict=False):
        table = _table_name(token)
        if token.kind == "field" and before.kind not in {"table", "word"}:
            if model.measure(token.text[1:-1]) is None:
                yield f"no measure {token.text}"
        elif following.kind == "field" and table and token.text.upper() not in _KEYWORDS:
            if model.column(names.get(table.upper(), ""), following.text[1:-1]) is None:
                yield f"no column {table}{following.text}"
        elif token.kind == "word" and following.text == "(":
            if token.text.upper() not in _FUNCTIONS and token.text.upper() not in _KEYWORDS:
                yield f"no function {token.text}"
        elif table and table.upper() not in names and table not in variables and table.upper() not in _KEYWORDS:
            yield f"no table or variable {table}"


def _table_name(token: Token) -> str:
    if token.kind == "table":
        return token.text[1:-1].replace("''", "'")
    return token.text if token.kind == "word" else ""
