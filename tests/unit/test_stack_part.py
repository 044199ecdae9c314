"""A part that dies, hangs or cannot start says so, with the end of its log."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contracts.errors import ExitCode, PartDiedError
from stack.part import LOG_LIMIT_BYTES, Part, RunningPart, log_tail
from stack.process import is_alive

Start = Callable[..., RunningPart]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[RunningPart] = []

    def _start(
        script: str, *, command: list[str] | None = None, healthy: bool = True, seconds: float = 5
    ) -> RunningPart:
        part = Part(
            name="example",
            command=command or [sys.executable, "-c", script],
            environment={"GREETING": "hello"},
            folder=tmp_path,
            log=tmp_path / "logs" / "example.log",
            healthy=lambda: healthy,
            health_seconds=seconds,
        )
        started.append(RunningPart(part))
        return started[-1]

    yield _start
    for running in started:
        running.stop()


def test_a_part_runs_with_its_own_environment_until_it_is_stopped(start: Start, tmp_path: Path) -> None:
    running = start("import os, time; print(sorted(os.environ)[:1], flush=True); time.sleep(600)")
    running.wait_until_healthy()
    running.check()
    running.stop()
    assert running.has_died()
    assert not is_alive(running.identity)
    running.stop()


def test_a_part_that_ends_by_itself_is_reported_with_the_tail_of_its_log(start: Start, tmp_path: Path) -> None:
    running = start("for n in range(100): print('line', n)\nraise SystemExit(3)")
    while not running.has_died():
        time.sleep(0.01)
    with pytest.raises(PartDiedError) as died:
        running.check()
    assert died.value.exit_code == ExitCode.PART_DIED
    assert died.value.what == "example ended by itself with exit code 3"
    assert died.value.where == str(tmp_path / "logs" / "example.log")
    lines = died.value.remedy.splitlines()
    assert lines[0] == "Its log ends:"
    assert lines[1:] == [f"  | line {number}" for number in range(80, 100)]


def test_a_killed_part_names_the_signal(start: Start) -> None:
    running = start("import time; time.sleep(600)")
    running.kill()
    with pytest.raises(PartDiedError, match="example was ended by SIGKILL"):
        running.check()


def test_a_part_that_dies_before_it_is_healthy_is_reported_at_once(start: Start) -> None:
    running = start("print('no such volume'); raise SystemExit(1)", healthy=False, seconds=60)
    with pytest.raises(PartDiedError, match=r"exit code 1.*\n.*no such volume"):
        running.wait_until_healthy()


def test_a_part_that_never_gets_healthy_is_reported_in_time(start: Start) -> None:
    running = start("import time; print('thinking', flush=True); time.sleep(600)", healthy=False, seconds=0.5)
    with pytest.raises(PartDiedError, match=r"was not healthy within 0.5 s"):
        running.wait_until_healthy()


def test_a_program_that_is_not_there_is_named(start: Start) -> None:
    with pytest.raises(PartDiedError, match="example could not be started: No such file or directory") as died:
        start("", command=["/no/such/program"])
    assert died.value.where == "/no/such/program"


def test_the_stop_signal_is_the_parts_own(tmp_path: Path) -> None:
    script = "import signal, time; signal.signal(signal.SIGINT, lambda *_: (print('asked', flush=True), exit(0)))\n"
    part = Part(
        name="example",
        command=[sys.executable, "-c", f"{script}print('ready', flush=True)\ntime.sleep(600)"],
        environment={},
        folder=tmp_path,
        log=tmp_path / "example.log",
        healthy=lambda: "ready" in (tmp_path / "example.log").read_text(encoding="utf-8"),
        stop_signal=signal.SIGINT,
    )
    running = RunningPart(part)
    running.wait_until_healthy()
    running.stop()
    assert part.log.read_text(encoding="utf-8").splitlines() == ["ready", "asked"]


def test_a_log_that_has_grown_large_is_set_aside_at_the_next_start(start: Start, tmp_path: Path) -> None:
    log = tmp_path / "logs" / "example.log"
    log.parent.mkdir()
    log.write_bytes(b"x" * (LOG_LIMIT_BYTES + 1))
    start("print('new')").stop()
    assert log.stat().st_size < 100
    assert (log.parent / "example.old.log").stat().st_size == LOG_LIMIT_BYTES + 1


def test_the_tail_of_a_log_is_bounded_and_survives_what_is_not_text(tmp_path: Path) -> None:
    log = tmp_path / "example.log"
    assert log_tail(log) == "Its log is empty."
    log.write_bytes(b"\xff\xfe" + b"y" * 1_000 + b"\n" + b"last")
    tail = log_tail(log).splitlines()
    assert len(tail[1]) == len("  | ") + 300
    assert tail[-1] == "  | last"
