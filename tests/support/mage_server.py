"""Mage's server as a user starts it: `python -m mage_project serve`."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import psutil

from stack.ports import free_port
from tests.support.commands import MAGE_PYTHON, ROOT
from tests.support.mage_api import MageApi

OWNER = ("owner@tripline.local", "a long password")


class Server(NamedTuple):
    """A running server."""

    process: subprocess.Popen[bytes]
    port: int
    api: MageApi

    def family(self) -> list[psutil.Process]:
        """Every process of it."""
        return [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]


@contextmanager
def serving(environment: dict[str, str], log: Path) -> Iterator[Server]:
    """Run a server on a free port until left; `log` gets what it prints."""
    port = free_port()
    with log.open("ab") as file:
        process = subprocess.Popen(
            [str(MAGE_PYTHON), "-m", "mage_project", "serve", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    server = Server(process, port, MageApi(f"http://127.0.0.1:{port}"))
    try:
        wait_for(lambda: server.api.scheduler_runs() or process.poll() is not None)
        assert process.poll() is None, log.read_text(encoding="utf-8")
        yield server
    finally:
        with suppress(psutil.NoSuchProcess):
            family = server.family()
            for each in family:
                with suppress(psutil.NoSuchProcess):
                    each.kill()
        process.wait(timeout=120)
        server.api.close()


def lives(process: psutil.Process) -> bool:
    """Whether it still does anything; a zombie waits for its parent to take note of its end."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_for(condition: Callable[[], object], seconds: float = 300) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)
