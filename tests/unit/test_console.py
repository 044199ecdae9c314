"""What people and scripts see: plain progress lines, tables, JSON, one-line errors with exit codes."""

import json

import pytest
import typer

from contracts import console
from contracts.errors import BadInputError, ExitCode, TriplineError


def every_error(root: type[TriplineError] = TriplineError) -> list[type[TriplineError]]:
    return [root, *(each for child in root.__subclasses__() for each in every_error(child))]


def test_an_error_is_one_line_with_what_where_and_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught, console.errors_as_exit_codes(verbose=False):
        raise BadInputError("The fare is not a number", where="trips.csv:17, column fare", remedy="Mend the row")
    assert caught.value.code == ExitCode.BAD_INPUT
    printed = capsys.readouterr()
    assert printed.err == "error: The fare is not a number [trips.csv:17, column fare]. Mend the row\n"
    assert printed.out == ""


def test_the_traceback_comes_only_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    for verbose in (False, True):
        with pytest.raises(SystemExit) as caught, console.errors_as_exit_codes(verbose):
            raise ZeroDivisionError("secret text of an unexpected error")
        assert caught.value.code == ExitCode.BUG
        printed = capsys.readouterr().err
        assert ("Traceback" in printed) is verbose
        assert ("secret text" in printed) is verbose


def test_a_commands_own_exit_passes_through() -> None:
    with pytest.raises(typer.Exit), console.errors_as_exit_codes(verbose=False):
        raise typer.Exit(0)


def test_each_kind_of_error_that_ends_a_command_has_its_own_code() -> None:
    codes = [error.exit_code for error in every_error()[1:] if error.__module__ == TriplineError.__module__]
    assert len(set(codes)) == len(codes)
    assert not {ExitCode.OK, ExitCode.BUG, ExitCode.USAGE} & set(codes)


def test_progress_without_a_terminal_is_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    now = 0.0
    with console.progress("landing", total=1_000, clock=lambda: now) as bar:
        now = 1.0
        bar.advance(100)
        assert capsys.readouterr().err == ""
        now = 10.0
        bar.advance(400)
        assert capsys.readouterr().err == "landing: 500 rows, 50 rows/s, 10 s left\n"
        bar.set_total(500)
    assert capsys.readouterr().err == "landing: 500 rows, 50 rows/s, 0 s left\n"


def test_a_summary_is_a_table_for_people_and_json_for_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    rows = {"rows_landed": 75_000, "seconds": 1.5, "reconciled": True}
    console.summary("Landed", rows, next_step="make status")
    printed = capsys.readouterr()
    assert "rows landed" in printed.out
    assert "75,000" in printed.out
    assert "yes" in printed.out
    assert printed.err == "Next: make status\n"
    console.summary("Landed", rows, next_step="make status", as_json=True)
    printed = capsys.readouterr()
    assert json.loads(printed.out) == rows
    assert printed.err == ""
