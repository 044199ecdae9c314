"""`python -m stack`: everything runs, by the movement of its data; one death ends all, loudly; nothing is left."""

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from contracts.errors import ExitCode
from contracts.settings import StackSettings, child_environment
from stack.process import members_of
from stack.state import StackFolder
from tests.support.listening import listening_addresses
from tests.support.mage_server import lives

CHECKOUT = Path(__file__).resolve().parents[2]
PARTS = ["bigquery", "consumer", "kafka", "mage", "postgres", "producer"]


class Stack:
    """The command line on a folder of its own."""

    def __init__(self, path: Path) -> None:
        self.folder = StackFolder(path)
        self._environment = child_environment(StackSettings(folder=str(path), mage_port=0, events_per_second=50))

    def start(self, *arguments: str, more: Mapping[str, str] = {}) -> "subprocess.Popen[str]":
        """Start `python -m …` with the stack's settings and `more`."""
        return subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=CHECKOUT,
            env={**self._environment, **more},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments: str, expect: int = 0, more: Mapping[str, str] = {}) -> tuple[str, str]:
        """Run it to its end and hold its exit code; return what it printed and what it said."""
        process = self.start(*arguments, more=more)
        printed, said = process.communicate(timeout=500)
        assert process.returncode == expect, f"{arguments} exited with {process.returncode}\n{printed}\n{said}"
        return printed, said

    def status(self) -> dict[str, Any]:
        """Return what `stack status` says now, whatever it thinks of it."""
        process = self.start("stack", "status", "--json")
        status: dict[str, Any] = json.loads(process.communicate(timeout=240)[0])
        return status

    def events(self, stage: str) -> int:
        """Return how many events have come through a stage."""
        return next((int(found["events"]) for found in self.status()["stages"] if found["stage"] == stage), 0)

    def command_lines(self) -> list[str]:
        """Return how every process of every part was started; one that ends meanwhile tells nothing."""
        found = []
        for member in self.living():
            with suppress(psutil.Error):
                found.append(" ".join(member.cmdline()))
        return found

    def living(self) -> list[psutil.Process]:
        """Return every process of every part."""
        return [member for part in self.folder.read().parts for member in members_of(part.identity)]


@pytest.fixture
def stack() -> Iterator[Stack]:
    parent = Path(tempfile.mkdtemp(prefix="tripline-test-"))
    parent.chmod(0o711)
    made = Stack(parent / "stack")
    yield made
    made.run("stack", "clean")
    parent.rmdir()


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.5)


@pytest.mark.timeout(1200)
def test_the_life_of_a_stack(stack: Stack) -> None:
    _, said = stack.run("stack", "status", expect=ExitCode.UNREACHABLE)
    assert "make up" in said

    # Everything runs in the background, and the data move as far as BigQuery.
    printed, _ = stack.run("stack", "up", "--detach")
    assert "owner@tripline.local" in printed
    secret = stack.folder.secret("mage_owner_password").get_secret_value()
    wait_until(lambda: stack.events("loaded") > 0, seconds=400, what="nothing came to BigQuery")
    wait_until(lambda: stack.status()["moves"], seconds=240, what="the data stand still")
    status = json.loads(stack.run("stack", "status", "--json")[0])
    assert sorted(part["name"] for part in status["parts"]) == PARTS
    assert all(part["alive"] and part["memory_bytes"] > 0 for part in status["parts"])

    # Nobody outside this machine can reach any of it.
    listening = listening_addresses(stack.living())
    assert len(listening) >= 6
    assert {ip for ip, _ in listening} <= {"127.0.0.1", "::ffff:127.0.0.1", "::1"}

    # The settings file reaches it; no password is in a command line or a log.
    assert stack.folder.env_file.stat().st_mode & 0o777 == 0o600
    stack.run("consumer", "health", more=stack.folder.environment())
    passwords = [secret, stack.folder.secret("lake_password").get_secret_value()]
    told = stack.command_lines()
    told += [log.read_text(encoding="utf-8", errors="replace") for log in stack.folder.logs.iterdir()]
    assert not [text for text in told for password in passwords if password in text]

    # A second one is refused.
    _, said = stack.run("stack", "up", expect=ExitCode.BUSY)
    assert "A stack already runs here" in said
    stack.run("stack", "up", "--detach", expect=ExitCode.BUSY)

    # A part that dies is reported, and takes everything with it.
    processes = stack.living()
    consumer = next(part for part in stack.folder.read().parts if part.name == "consumer")
    psutil.Process(consumer.pid).kill()
    log = stack.folder.logs / "up.log"
    died = f"error: consumer was ended by SIGKILL [{stack.folder.logs / 'consumer.log'}]. Its log ends:"
    wait_until(lambda: died in log.read_text(encoding="utf-8"), seconds=240, what="nothing was said of the death")
    assert not [process for process in processes if lives(process)]

    # What had come through is still there when it starts again, in the foreground; a signal stops it whole.
    again = stack.start("stack", "up")
    wait_until(lambda: stack.folder.read().ready, seconds=400, what="it did not start again")
    assert stack.events("loaded") > 0
    processes = stack.living()
    again.send_signal(signal.SIGINT)
    _, said = again.communicate(timeout=240)
    assert again.returncode == 0, said
    assert "Everything is stopped" in said
    assert not [process for process in processes if lives(process)]


@pytest.mark.timeout(900)
def test_down_stops_what_a_killed_supervisor_and_a_killed_guard_left(stack: Stack) -> None:
    up = stack.start("stack", "up")
    wait_until(lambda: len(stack.folder.read().parts) == 3, seconds=240, what="the services did not start")
    for guard in psutil.Process(up.pid).children():
        if "stack.guard" in guard.cmdline():
            guard.kill()
    up.kill()
    up.communicate()
    assert stack.living()
    _, said = stack.run("stack", "up", expect=ExitCode.BUSY)
    assert "make down" in said
    printed, _ = stack.run("stack", "down", "--json")
    assert "postgres" in json.loads(printed)["stopped"]
    assert not stack.living()
    printed, _ = stack.run("stack", "down", "--json")
    assert json.loads(printed) == {"stopped": []}
    stack.run("stack", "clean")
    assert not stack.folder.path.exists()
