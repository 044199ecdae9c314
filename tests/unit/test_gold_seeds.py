"""The fixed dimensions hold every value that the contract and silver know, and every area where it is."""

import csv
import re

import sqlglot
from sqlglot import exp

from contracts.event import PaymentType
from contracts.sql import SQL_FOLDER, load_sql
from warehouse.names import Target, render
from warehouse.schema import SEED_FILE

TARGET = Target("tripline", "dev_")
GEOGRAPHY = SQL_FOLDER.parent / "producer" / "simulate" / "chicago_areas.csv"


def seeded(name: str) -> list[list[str]]:
    """Return the literals of the rows that a seed statement writes."""
    statement = sqlglot.parse_one(render(load_sql(f"bigquery/seed/{name}"), TARGET), dialect="bigquery")
    return [[literal.name for literal in row.find_all(exp.Literal)] for row in statement.find_all(exp.Struct)]


def test_every_means_of_payment_has_a_number_and_unknown_has_zero() -> None:
    rows = seeded("dim_payment")
    assert {row[1] for row in rows} == {str(each) for each in PaymentType}
    assert rows[0] == ["0", "unknown", "Unknown"]
    assert [int(row[0]) for row in rows] == list(range(len(PaymentType)))


def test_every_outcome_of_silver_has_a_number_and_unknown_has_zero() -> None:
    rows = seeded("dim_outcome")
    decided = load_sql("bigquery/merge/trip").split("CASE", 1)[1].split("END AS outcome", 1)[0]
    assert {row[1] for row in rows} == {"unknown", *re.findall(r"(?:THEN|ELSE) '(\w+)'", decided)}
    assert rows[0] == ["0", "unknown", "Unknown"]
    assert [int(row[0]) for row in rows] == list(range(len(rows)))


def test_areas_lie_in_the_city_each_at_a_place_of_its_own() -> None:
    with SEED_FILE.open(newline="", encoding="utf-8") as file:
        places = {int(row["number"]): (float(row["latitude"]), float(row["longitude"])) for row in csv.DictReader(file)}
    assert len(set(places.values())) == len(places) == 77
    for latitude, longitude in places.values():
        assert 41.64 < latitude < 42.03
        assert -87.95 < longitude < -87.52
    loop, ohare, hegewisch = places[32], places[76], places[55]
    assert ohare[1] == min(longitude for _, longitude in places.values())
    assert hegewisch[0] == min(latitude for latitude, _ in places.values())
    assert loop[1] > ohare[1]


def test_simulated_trips_begin_where_the_areas_are() -> None:
    """Producer and warehouse share no code, and must not place an area differently."""
    with SEED_FILE.open(newline="", encoding="utf-8") as seed, GEOGRAPHY.open(newline="", encoding="utf-8") as city:
        of_gold = {(row["number"], row["name"], row["latitude"], row["longitude"]) for row in csv.DictReader(seed)}
        of_producer = {(row["area"], row["name"], row["latitude"], row["longitude"]) for row in csv.DictReader(city)}
    assert of_gold == of_producer
