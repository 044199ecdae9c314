"""What Tripline replaces in the BigQuery emulator."""

import pytest
from sqlglot import Dialect, ParseError, exp

from stack.emulator import parse_once

BIGQUERY = Dialect.get_or_raise("bigquery")


def test_a_text_is_parsed_as_ever_and_each_caller_may_change_its_tree() -> None:
    text = "SELECT a, b FROM `p.d.t` WHERE c = 1; SELECT 2"
    first, second = parse_once(BIGQUERY, text), parse_once(BIGQUERY, text)
    assert first == second == BIGQUERY.parse(text)
    tree = first[0]
    assert tree is not None
    tree.set("where", None)
    assert parse_once(BIGQUERY, text) == second


def test_the_same_text_of_another_dialect_is_another_statement() -> None:
    text = 'SELECT "a"'
    of_bigquery, of_duckdb = (parse_once(Dialect.get_or_raise(name), text)[0] for name in ("bigquery", "duckdb"))
    assert isinstance(of_bigquery, exp.Select)
    assert isinstance(of_duckdb, exp.Select)
    assert isinstance(of_bigquery.selects[0], exp.Literal)
    assert isinstance(of_duckdb.selects[0], exp.Column)


def test_what_cannot_be_parsed_is_refused_each_time() -> None:
    for _ in range(2):
        with pytest.raises(ParseError):
            parse_once(BIGQUERY, "SELECT FROM WHERE")
