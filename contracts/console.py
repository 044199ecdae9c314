"""How commands speak to people: progress while they run, a table at the end, one line for an error.

Results go to standard output, everything else to standard error, so that `--json` can be piped.
"""

import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Protocol

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress
from rich.table import Table

from contracts.errors import ExitCode, TriplineError

PLAIN_INTERVAL_SECONDS = 5.0


class Progress(Protocol):
    """Counts rows towards a total and shows rows, rate and time left."""

    def advance(self, rows: int) -> None:
        """Add `rows` to what is done."""

    def set_total(self, rows: int) -> None:
        """Say how many rows there will be, once that is known."""


class _TerminalProgress:
    def __init__(self, bar: RichProgress, label: str, total: int | None) -> None:
        self._bar = bar
        self._task = bar.add_task(label, total=total, rate="")

    def advance(self, rows: int) -> None:
        self._bar.update(self._task, advance=rows)
        speed = self._bar.tasks[self._task].speed
        self._bar.update(self._task, rate=f"{speed:,.0f} rows/s" if speed else "")

    def set_total(self, rows: int) -> None:
        self._bar.update(self._task, total=rows)


class _PlainProgress:
    def __init__(self, label: str, total: int | None, clock: Callable[[], float]) -> None:
        self._label, self._total, self._clock = label, total, clock
        self._started = self._last = clock()
        self._done = 0

    def advance(self, rows: int) -> None:
        self._done += rows
        if self._clock() - self._last >= PLAIN_INTERVAL_SECONDS:
            self._last = self._clock()
            say(self.line())

    def set_total(self, rows: int) -> None:
        self._total = rows

    def line(self) -> str:
        elapsed = max(self._clock() - self._started, 1e-9)
        rate = self._done / elapsed
        parts = [f"{self._label}: {self._done:,} rows", f"{rate:,.0f} rows/s"]
        if self._total and rate:
            parts.append(f"{max(self._total - self._done, 0) / rate:,.0f} s left")
        return ", ".join(parts)


@contextmanager
def progress(
    label: str, total: int | None = None, *, clock: Callable[[], float] = time.monotonic
) -> Iterator[Progress]:
    """Show how far a long step is: a bar on a terminal, else a plain line every five seconds and at the end."""
    if sys.stderr.isatty():
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
        )
        with RichProgress(*columns, console=Console(stderr=True)) as bar:
            yield _TerminalProgress(bar, label, total)
        return
    plain = _PlainProgress(label, total, clock)
    yield plain
    say(plain.line())


def say(line: str) -> None:
    """Print one line for a person on standard error."""
    print(line, file=sys.stderr, flush=True)


def summary(title: str, rows: Mapping[str, object], *, next_step: str = "", as_json: bool = False) -> None:
    """End a command: what happened as a short table (or one JSON object), and what to do next."""
    if as_json:
        print_json(rows)
        return
    table(title, ("", ""), [(name.replace("_", " "), text(value)) for name, value in rows.items()])
    if next_step:
        say(f"Next: {next_step}")


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table on standard output; numbers (cells that start with a digit or minus) are right-aligned."""
    rendered = Table(title=title, title_justify="left", show_header=any(columns))
    for position, column in enumerate(columns):
        numeric = position > 0 and all(row[position][:1].isdigit() or row[position][:1] in {"-", "$"} for row in rows)
        rendered.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        rendered.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 120).print(rendered)


def text(value: object) -> str:
    """Format a value for a table: thousands separators, two decimals for floats."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.2f}" if isinstance(value, float) else str(value)


def print_json(value: Any) -> None:
    """Print one JSON document on standard output."""
    print(msgspec.json.encode(value).decode(), flush=True)


class errors_as_exit_codes:  # noqa: N801 - reads as a statement: `with errors_as_exit_codes(verbose): …`
    """Turn an error into one line on standard error and its exit code; the traceback only when `verbose`."""

    def __init__(self, verbose: bool) -> None:
        self._verbose = verbose

    def __enter__(self) -> None:
        """Do nothing on the way in."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Exit with the error's code."""
        if error is None or not isinstance(error, Exception) or _is_exit(error):
            return
        if self._verbose:
            traceback.print_exception(kind, error, trace)
        if isinstance(error, TriplineError):
            say(f"error: {error}")
            raise SystemExit(int(error.exit_code)) from None
        say(f"error: unexpected {type(error).__name__} (run again with --verbose for the traceback)")
        raise SystemExit(int(ExitCode.BUG)) from None


def _is_exit(error: Exception) -> bool:
    return type(error).__module__.startswith(("typer", "click"))
