"""A process beside this one judges as this one does, and whatever ends one of them, nothing is left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from contracts.errors import FatalError, TransientError
from contracts.schema import EXAMPLES
from tests.support.children import children
from warehouse.judges import Judge, JudgeApart

DOCUMENTS = [json.dumps(json.loads(path.read_bytes())).encode() for path in sorted(EXAMPLES.rglob("*.json"))]
PARENT = """
import time
from warehouse.judges import JudgeApart
with JudgeApart() as judge:
    print(judge._process.pid, flush=True)
    time.sleep(60)
"""


def lives(process: Path) -> bool:
    try:
        return "Z" not in (process / "stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False


def ask(judge: Judge, *documents: bytes) -> None:
    judge.ask(documents)
    judge.answer()


def kill_and_ask(judge: Judge, child: int) -> None:
    os.kill(child, signal.SIGKILL)
    ask(judge, *DOCUMENTS)


def ask_and_leave(judge: Judge) -> None:
    judge.ask(DOCUMENTS * 1000)
    raise KeyError


def test_both_judge_alike_and_in_order() -> None:
    with Judge() as here, JudgeApart() as apart:
        answers = []
        for judge in (here, apart):
            for batch in (DOCUMENTS, DOCUMENTS[:1], DOCUMENTS[::-1] * 50):
                judge.ask(batch)
            answers.append([judge.answer() for _ in range(3)])
    assert answers[0] == answers[1]
    assert len(answers[0][0].violations) == len(list((EXAMPLES / "invalid").rglob("*.json")))
    assert answers[0][0].fare_minor_units > 0


def test_a_judge_that_is_killed_is_a_failure_that_may_pass() -> None:
    before = children()
    with JudgeApart() as judge:
        (child,) = set(children()) - set(before)
        with pytest.raises(TransientError, match="signal 9"):
            kill_and_ask(judge, child)
    assert children() == before


def test_a_judge_that_fails_says_so(capfd: pytest.CaptureFixture[str]) -> None:
    with JudgeApart() as judge, pytest.raises(FatalError, match="failed with 1"):
        ask(judge, b"{")
    assert "DecodeError" in capfd.readouterr().err


def test_who_leaves_early_leaves_no_judge() -> None:
    before = children()
    with pytest.raises(KeyError), JudgeApart() as judge:
        ask_and_leave(judge)
    assert children() == before


def test_a_judge_ends_with_whoever_started_it() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = Path("/proc") / parent.stdout.readline().strip()
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 60
    while lives(child):
        assert time.monotonic() < deadline
        time.sleep(0.05)
