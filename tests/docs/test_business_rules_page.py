"""docs/business-rules.md names every rule of data quality, and its share of the real trips."""

import re
from pathlib import Path

import sqlglot
from sqlglot import exp

from contracts.settings import ProducerSettings
from contracts.sql import load_sql
from producer.fetch import chicago_trips
from tests.support.chicago_truth import chicago_truth
from warehouse.names import Target, render

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "business-rules.md").read_text(encoding="utf-8")
RULES = {
    rule: (meaning, int(trips.replace(",", "")), float(share))
    for rule, meaning, trips, share in re.findall(r"^\| `(\w+)` \| (.+?) \| ([\d,]+) \| ([\d.]+) % \|$", PAGE, re.M)
}
# What the files cannot have: their distances and pick-up areas are never empty, and a duration is never negative.
CANNOT_BE = {"missing_distance", "missing_pickup_area", "disordered_times"}
RULE_OF_DIRT = {
    "zero_distance": "zero_distance",
    "zero_fare": "nonpositive_fare",
    "zero_duration": "zero_duration",
    "no_duration": "missing_duration",
    "too_fast": "implausible_speed",
    "no_company": "missing_provider",
    "no_dropoff_area": "missing_dropoff_area",
}


def sql(name: str) -> exp.Expr:
    return sqlglot.parse_one(render(load_sql(f"bigquery/ddl/{name}"), Target("tripline", "")), dialect="bigquery")


def test_the_page_has_the_rules_of_gold_in_gold_s_words() -> None:
    ruled = [
        [literal.name for literal in select.find_all(exp.Literal) if literal.is_string]
        for select in sql("220_dirty_trips").find_all(exp.Select)
    ]
    assert {rule: meaning for rule, (meaning, _, _) in RULES.items()} == dict(each for each in ruled if len(each) == 2)
    flags = {column.name for column in sql("130_fact_trip").find_all(exp.ColumnDef) if column.name.startswith("has_")}
    assert {f"has_{rule}" for rule in RULES} == flags


def test_shares_are_those_of_the_real_trips() -> None:
    truth = chicago_truth(chicago_trips(ProducerSettings()))
    counted = {rule: truth["dirty"][dirt] for dirt, rule in RULE_OF_DIRT.items()} | dict.fromkeys(CANNOT_BE, 0)
    assert {rule: (trips, share) for rule, (_, trips, share) in RULES.items()} == {
        rule: (trips, round(100 * trips / truth["trips"], 2)) for rule, trips in counted.items()
    }
    assert f"{truth['trips']:,} Chicago trips" in PAGE


def test_every_file_that_is_named_is_there() -> None:
    for name in re.findall(r"`((?:merge|gold)/\w+)\.sql`", PAGE):
        assert load_sql(f"bigquery/{name}")
