"""What `up` says about the movement of data, and which services it wants."""

import pytest

from stack.movement import LANDED_WITHIN, LOADED_WITHIN, PRODUCED_WITHIN, Movement, Stage
from stack.up import line, wanted_services


def movement(
    *, produced_age: float | None = 0.1, waiting: int = 0, landed_age: float | None = 0.2, loaded_age: float | None = 40
) -> Movement:
    return Movement(
        Stage("produced", 12_345, None, produced_age, PRODUCED_WITHIN),
        Stage("landed", 12_340, waiting, landed_age, LANDED_WITHIN),
        Stage("loaded", 11_000, 1_340, loaded_age, LOADED_WITHIN),
        dead_lettered=2,
    )


def test_the_line_counts_events_and_not_processes() -> None:
    before = movement()._replace(produced=Stage("produced", 12_305, None, 0.1, PRODUCED_WITHIN))
    assert line(movement(), before, 2.0) == (
        "produced 12,345 (20/s) → landed 12,340 (0/s) → loaded 11,000 · dead letters 2 · last load 40 s ago"
    )


def test_the_line_names_what_stands_still() -> None:
    still = movement(waiting=500, landed_age=31, loaded_age=None)
    assert line(still, None, 1.0).endswith("· nothing is being landed or loaded")


@pytest.mark.parametrize(
    ("found", "moves"),
    [
        (movement(), True),
        (movement(produced_age=None), False),
        (movement(produced_age=31), False),
        (movement(landed_age=3_600), True),
        (movement(waiting=1, landed_age=29), True),
        (movement(waiting=1, landed_age=31), False),
        (movement(waiting=1, landed_age=None), False),
        (movement(loaded_age=181), False),
        (movement(loaded_age=None), False),
    ],
)
def test_a_stack_is_healthy_when_nothing_that_waits_stands_still(found: Movement, moves: bool) -> None:
    assert (found.standing() == []) == moves


def test_a_stack_that_has_just_started_has_had_no_time_to_stand_still() -> None:
    found = movement(produced_age=3_600, waiting=1, landed_age=3_600, loaded_age=None)
    assert found.standing(up_for=29) == []
    assert found.standing(up_for=31) == ["produced", "landed"]
    assert found.standing(up_for=181) == ["produced", "landed", "loaded"]


@pytest.mark.parametrize(
    ("environment", "services"),
    [
        ({}, ("kafka", "postgres", "bigquery")),
        ({"TRIPLINE_BIGQUERY_EMULATOR_URL": "http://127.0.0.1:9050"}, ("kafka", "postgres", "bigquery")),
        ({"TRIPLINE_BIGQUERY_EMULATOR_URL": ""}, ("kafka", "postgres")),
    ],
)
def test_an_empty_emulator_address_means_the_real_bigquery(
    environment: dict[str, str], services: tuple[str, ...]
) -> None:
    assert wanted_services(environment) == services
