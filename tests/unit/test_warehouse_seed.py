"""The seed of dim_zone: Chicago's 77 community areas."""

import csv
from collections import Counter

from warehouse.schema import SEED_FILE


def rows() -> list[dict[str, str]]:
    with SEED_FILE.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_community_area_is_there_once() -> None:
    assert [int(row["number"]) for row in rows()] == list(range(1, 78))
    assert len({row["name"] for row in rows()}) == 77


def test_the_city_has_nine_sides_of_known_size() -> None:
    assert Counter(row["side"] for row in rows()) == {
        "Far North Side": 12,
        "Northwest Side": 6,
        "North Side": 5,
        "West Side": 9,
        "Central": 3,
        "South Side": 12,
        "Southwest Side": 12,
        "Far Southwest Side": 6,
        "Far Southeast Side": 12,
    }


def test_areas_that_everybody_knows() -> None:
    names = {int(row["number"]): row["name"] for row in rows()}
    assert [names[number] for number in (8, 28, 32, 41, 56, 76, 77)] == [
        "Near North Side",
        "Near West Side",
        "Loop",
        "Hyde Park",
        "Garfield Ridge",
        "O'Hare",
        "Edgewater",
    ]
