"""Killed anywhere, run twice at once, or paused for long: the warehouse ends with the same tables."""

import random
import re
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from contracts.errors import BusyError, FatalError, PoisonError
from contracts.lake import connect
from contracts.settings import LakeSettings
from tests.support.commands import start
from tests.support.warehouse_site import STEPS, Site, charged, dirty_city, milliseconds, trip
from warehouse import extract, steps
from warehouse.bigquery import BigQuery
from warehouse.ledger import Ledger, hold_ledger
from warehouse.window import Range

CHANGES: tuple[tuple[type, str], ...] = (
    (Ledger, "add"),
    (Ledger, "record"),
    (Ledger, "record_reconciliation"),
    (BigQuery, "query"),
    (BigQuery, "load_parquet"),
    (BigQuery, "drop_table"),
    (extract.Files, "remove"),
)


def waits_for_a_lock(lake: LakeSettings) -> bool:
    with connect(lake, application="test") as connection:
        waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'"
        return connection.execute(waiting).rowcount > 0


class Killed(BaseException):
    """Stands for kill -9: nothing catches it, and its connections close."""


@contextmanager
def killed_after_one_new_change(done: set[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a run do again what is in `done`, and one change more; then it dies, before the change after that."""
    before = len(done)

    def guarded(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if real.__name__ == "query" and "MERGE" not in arguments[1]:
                return real(*arguments, **options)
            # The statement, the table or the state, without what differs between attempts.
            change = re.sub(r"datetime\([^)]*\)", "", f"{real.__name__} {arguments[1:]} {sorted(options)}")
            if change not in done and len(done) > before:
                raise Killed
            found = real(*arguments, **options)
            done.add(change)
            return found

        return call

    with monkeypatch.context() as patch:
        for owner, name in CHANGES:
            patch.setattr(owner, name, guarded(getattr(owner, name)))
        yield


def test_killed_between_any_two_changes_it_goes_on_where_it_was(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each run gets one change further than the one before."""
    site.land([*trip(1), *trip(2)])
    site.load_all()
    late = milliseconds("2016-03-05T20:00:00")
    site.land([*trip(2)[3:], *trip(3), *trip(3)[4:], "{}", charged(1, "fare_adjusted", late, 900)])
    done: set[str] = set()
    runs = 0
    while True:
        runs += 1
        try:
            with killed_after_one_new_change(done, monkeypatch):
                site.load_all()
        except Killed:
            continue
        break
    assert runs == len(done) > 15
    site.verify()
    assert site.leftovers() == []
    assert site.ledger("landed, rejected, duplicate_equal + duplicate_different") == [(10, 0, 0), (10, 1, 3)]


@pytest.mark.timeout(900)
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


@pytest.mark.timeout(900)
def test_two_runs_at_once_load_every_window_once(site: Site, environment: dict[str, str]) -> None:
    site.land(dirty_city())
    small = {**environment, "TRIPLINE_WAREHOUSE_WINDOW_ROWS": "60"}
    runs = [start(small, "warehouse", "run") for _ in range(2)]
    outputs = [each.communicate(timeout=500) for each in runs]
    assert [each.returncode for each in runs] == [0, 0], outputs
    site.verify()
    assert site.ledger("count(*), sum(landed)") == [(2, len(site.messages))]


def test_a_step_waits_for_the_lock_and_then_says_who_is_busy(site: Site) -> None:
    with hold_ledger(site.lake, site.target):
        asked = time.monotonic()
        with pytest.raises(BusyError, match="Another run"), hold_ledger(site.lake, site.target, wait_seconds=0.5):
            pass
        assert time.monotonic() - asked >= 0.5
        with hold_ledger(site.lake, site.target._replace(prefix="other_")):
            pass
    with hold_ledger(site.lake, site.target, wait_seconds=0):
        pass


def test_who_waits_for_the_lock_has_it_before_its_holder_has_it_again(site: Site) -> None:
    """A run lets go between two steps only for a moment: whoever waits must get this one."""
    order: list[str] = []

    def wait() -> None:
        with hold_ledger(site.lake, site.target):
            order.append("the one that waited")

    with ThreadPoolExecutor() as threads:
        with hold_ledger(site.lake, site.target):
            waiting = threads.submit(wait)
            deadline = time.monotonic() + 120
            while not waits_for_a_lock(site.lake):
                assert time.monotonic() < deadline
                time.sleep(0.01)
        with hold_ledger(site.lake, site.target):
            order.append("the one that held it")
        waiting.result()
    assert order == ["the one that waited", "the one that held it"]


def test_the_lock_ends_with_its_holder(site: Site, environment: dict[str, str]) -> None:
    """A step that was killed while it held the lock must not keep the next one out."""
    site.land(trip(1))
    program = start(environment, "warehouse", "run")
    deadline = time.monotonic() + 120
    while not site.ledger("load_id"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    program.send_signal(signal.SIGKILL)
    program.communicate()
    site.load_all()
    site.verify()


def test_what_expired_or_was_cleared_in_a_long_pause_is_made_again(site: Site) -> None:
    """Windows that were left half done after one, two and four steps, and their files and staging tables gone."""
    city = dirty_city()
    for steps_done, part in ((1, city[:40]), (2, city[40:70]), (4, city[70:])):
        site.land(part)
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


def test_steps_out_of_order_and_a_second_unfinished_window_are_refused(site: Site) -> None:
    site.land(trip(1))
    load_id = steps.plan()["load_id"]
    with pytest.raises(FatalError, match="cannot become merged before it is staged"):
        steps.merge(load_id)
    with pytest.raises(FatalError, match="no such window"):
        steps.extract("0" * 32)
    with pytest.raises(PoisonError, match="23505"), hold_ledger(site.lake, site.target) as ledger:
        ledger.add([Range("another topic", 0, 0, 1)])
    assert site.ledger("count(*)") == [(1,)]


def test_nothing_to_do_is_handed_on_and_a_closed_window_leaves_no_file(site: Site) -> None:
    nothing = steps.plan()
    for step in STEPS:
        nothing = step(nothing["load_id"])
    assert nothing == {"load_id": None, "state": None, "offsets": 0}

    site.land(trip(1))
    load_id = steps.plan()["load_id"]
    steps.extract(load_id)
    folder = site.work_folder
    assert [path.name for path in sorted(folder.rglob("*.parquet"))] == ["accepted.parquet", "rejected.parquet"]
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.rglob(load_id))
    for step in STEPS[1:]:
        step(load_id)
    assert list(folder.rglob("*.parquet")) == []
