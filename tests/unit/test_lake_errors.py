"""What each refusal of Postgres means: set the input aside, wait, or call a person."""

import psycopg
import pytest
from psycopg.errors import lookup

from contracts.errors import FatalError, PoisonError, TransientError, TriplineError
from contracts.lake import classify

SET_ASIDE = ["21000", "22003", "22007", "22021", "22023", "22P02", "22P05", "23502", "23514", "54000", "54001"]
WAIT = [
    *("08000", "08003", "08006", "25P03", "40001", "40P01", "53000", "53100", "53200", "53300", "55P03"),
    *("57014", "57P01", "57P02", "57P03"),
]
CALL_A_PERSON = ["0A000", "25006", "28000", "28P01", "3D000", "3F000", "42501", "42703", "42P01", "58030", "XX001"]
MEANING: dict[str, type[TriplineError]] = {
    **dict.fromkeys(SET_ASIDE, PoisonError),
    **dict.fromkeys(WAIT, TransientError),
    **dict.fromkeys(CALL_A_PERSON, FatalError),
}


@pytest.mark.parametrize(("state", "kind"), MEANING.items())
def test_every_sqlstate_has_one_meaning(state: str, kind: type[TriplineError]) -> None:
    found = classify(lookup(state)("the row is (canary)"), where="here")
    assert type(found) is kind
    assert state in str(found)
    assert "canary" not in str(found), "Postgres' texts quote the data"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        # A connection that broke, before, in or after a commit: nobody knows, so the offsets are read again.
        (psycopg.OperationalError("consuming input failed"), TransientError),
        (psycopg.InterfaceError("the connection is closed"), TransientError),
        # psycopg itself refuses a NUL byte.
        (psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes"), PoisonError),
    ],
)
def test_without_a_sqlstate_the_kind_of_error_decides(error: psycopg.Error, kind: type[TriplineError]) -> None:
    assert type(classify(error, where="here")) is kind
