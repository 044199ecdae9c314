"""Killed anywhere, run twice at once, or paused for long: the warehouse ends with the same tables."""

import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from contracts.errors import BusyError, FatalError, PoisonError
from tests.support.commands import start
from tests.support.warehouse_site import STEPS, Site, charged, dirty_city, milliseconds, trip
from warehouse import extract, steps
from warehouse.bigquery import BigQuery
from warehouse.ledger import Ledger, hold_ledger
from warehouse.window import Range

OUTWARD_CALLS: tuple[tuple[type, str], ...] = (
    (Ledger, "add"),
    (Ledger, "record"),
    (Ledger, "record_reconciliation"),
    (BigQuery, "query"),
    (BigQuery, "load_parquet"),
    (BigQuery, "drop_table"),
    (extract.Files, "remove"),
)


class Killed(BaseException):
    """Stands for kill -9: nothing catches it, and its connections close."""


@contextmanager
def killed_before_call(number: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Die before the n-th call that changes Postgres, BigQuery or the disk; the list counts the calls."""
    calls: list[int] = []

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            # To die before a SELECT is to die after the change before it.
            if real.__name__ != "query" or "MERGE" in arguments[1]:
                calls.append(number)
                if len(calls) == number:
                    raise Killed
            return real(*arguments, **options)

        return call

    with monkeypatch.context() as patch:
        for owner, name in OUTWARD_CALLS:
            patch.setattr(owner, name, counted(getattr(owner, name)))
        yield calls


@pytest.mark.timeout(600)
def test_killed_between_any_two_calls_it_goes_on_where_it_was(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each window is killed one call later than the one before, until one is not killed at all."""
    steps.prepare()
    late = milliseconds("2016-03-05T20:00:00")
    number = 0
    while True:
        number += 1
        site.land([*trip(number), *trip(number)[3:], "{}", charged(max(number - 1, 0), "fare_adjusted", late, number)])
        try:
            with killed_before_call(number, monkeypatch) as calls:
                site.load_all()
        except Killed:
            site.load_all()
            site.verify()
        else:
            break
    assert len(calls) == number - 1 > 15, "the calls of a whole window were not met one by one"
    assert site.leftovers() == []
    counted = site.ledger("sum(landed) - sum(rejected) - sum(duplicate_equal) - sum(duplicate_different)")
    assert counted == [(len(site.books().events),)]


@pytest.mark.timeout(300)
def test_a_process_that_is_killed_at_any_moment_leaves_a_run_that_ends_right(
    site: Site, environment: dict[str, str]
) -> None:
    site.land(dirty_city())
    small = {**environment, "TRIPLINE_WAREHOUSE_WINDOW_ROWS": "45"}
    moments = random.Random(11)
    killed = 0
    for _ in range(6):
        victim = start(small, "warehouse", "run")
        time.sleep(moments.uniform(1.0, 3.5))
        victim.send_signal(signal.SIGKILL)
        victim.communicate()
        killed += victim.returncode == -signal.SIGKILL
    assert killed, "every run ended before it was killed"
    site.load_all(45)
    site.verify()
    assert site.leftovers() == []


@pytest.mark.timeout(300)
def test_two_runs_at_once_load_every_window_once(site: Site, environment: dict[str, str]) -> None:
    site.land(dirty_city())
    small = {**environment, "TRIPLINE_WAREHOUSE_WINDOW_ROWS": "45"}
    runs = [start(small, "warehouse", "run") for _ in range(2)]
    outputs = [each.communicate(timeout=240) for each in runs]
    assert [each.returncode for each in runs] == [0, 0], outputs
    site.verify()
    assert site.ledger("count(*), sum(landed)") == [(3, len(site.messages))]


def test_a_step_waits_for_the_lock_and_then_says_who_is_busy(site: Site) -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    with hold_ledger(site.lake, site.target):
        with (
            pytest.raises(BusyError, match="Another run"),
            hold_ledger(site.lake, site.target, wait_seconds=5, clock=lambda: now[0], sleep=sleep),
        ):
            pass
        assert now[0] >= 5
        with hold_ledger(site.lake, site.target._replace(prefix="other_")):
            pass
    with hold_ledger(site.lake, site.target, wait_seconds=0):
        pass


def test_the_lock_ends_with_its_holder(site: Site, environment: dict[str, str]) -> None:
    """A step that was killed while it held the lock must not keep the next one out."""
    site.land(trip(1))
    program = start(environment, "warehouse", "run")
    deadline = time.monotonic() + 60
    while not site.ledger("load_id"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    program.send_signal(signal.SIGKILL)
    program.communicate()
    site.load_all()
    site.verify()


@pytest.mark.parametrize("steps_done", range(1, 5))
def test_what_expired_or_was_cleared_in_a_long_pause_is_made_again(site: Site, steps_done: int) -> None:
    """A window that was left half done, and its files and staging tables gone."""
    site.land(dirty_city())
    load_id = steps.plan()["load_id"]
    for step in STEPS[:steps_done]:
        step(load_id)
    for path in site.work_folder.rglob("*.parquet"):
        path.unlink()
    for table in site.leftovers():
        site.bigquery.drop_table(f"{site.target.dataset('bronze')}.{table}")
    assert steps.plan()["load_id"] == load_id
    site.finish(load_id)
    site.verify()


def test_steps_out_of_order_are_refused(site: Site) -> None:
    site.land(trip(1))
    load_id = steps.plan()["load_id"]
    with pytest.raises(FatalError, match="cannot become merged before it is staged"):
        steps.merge(load_id)
    with pytest.raises(FatalError, match="no such window"):
        steps.extract("0" * 32)


def test_nothing_to_do_is_handed_on(site: Site) -> None:
    nothing = steps.plan()
    for step in STEPS:
        nothing = step(nothing["load_id"])
    assert nothing == {"load_id": None, "state": None, "offsets": 0}


def test_the_database_refuses_a_second_unfinished_window(site: Site) -> None:
    site.land(trip(1))
    steps.plan()
    with pytest.raises(PoisonError, match="23505"), hold_ledger(site.lake, site.target) as ledger:
        ledger.add([Range("another topic", 0, 0, 1)])
    assert site.ledger("count(*)") == [(1,)]


def test_files_of_a_window_are_removed_when_it_is_closed(site: Site) -> None:
    site.land(trip(1))
    load_id = steps.plan()["load_id"]
    steps.extract(load_id)
    folder = site.work_folder
    assert [path.name for path in sorted(folder.rglob("*.parquet"))] == ["accepted.parquet", "rejected.parquet"]
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.rglob(load_id))
    for step in STEPS[1:]:
        step(load_id)
    assert list(folder.rglob("*.parquet")) == []
