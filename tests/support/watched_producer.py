"""A producer with metrics: a test sees what it has handed over, what waits, and what was acknowledged."""

import json
import re
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.request import urlopen

from contracts.settings import KafkaSettings, ProducerSettings, child_environment
from stack.ports import free_port
from tests.support.commands import start

PATIENCE_SECONDS = 120


class WatchedProducer:
    """`with WatchedProducer(kafka, settings, "replay", "--endless") as producer:` runs it, and kills what is left."""

    def __init__(self, kafka: KafkaSettings, settings: ProducerSettings, *arguments: str) -> None:
        self._port = free_port()
        own = settings.model_copy(update={"metrics_port": self._port})
        self.process: subprocess.Popen[str] = start(child_environment(kafka, own), "producer", *arguments, "--json")

    def __enter__(self) -> "WatchedProducer":
        """Lend it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave nothing of it running."""
        with self.process:
            self.process.kill()

    def metric(self, name: str) -> float:
        """Return a figure; OSError while nobody serves it."""
        with urlopen(f"http://127.0.0.1:{self._port}/metrics", timeout=30) as answer:
            found = re.search(rf"^tripline_producer_{name} (\S+)$", answer.read().decode(), re.MULTILINE)
        assert found, name
        return float(found[1])

    def wait_for(self, name: str, least: float) -> None:
        """Wait until a figure is so large."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        found = 0.0
        while found < least:
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < deadline, f"{name} does not reach {least}"
            time.sleep(0.05)
            with suppress(OSError):  # Nobody serves it yet.
                found = self.metric(name)

    def wait_until_still(self, name: str, seconds: float = 0.5) -> float:
        """Wait until a figure has not changed for so long; return it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        before, now = -1.0, self.metric(name)
        while now != before:
            assert time.monotonic() < deadline, f"{name} does not stand still"
            time.sleep(seconds)
            before, now = now, self.metric(name)
        return now

    def end(self, *, expect: int = 0, with_signal: signal.Signals | None = None) -> tuple[dict[str, Any], str]:
        """Wait for its end with this code; return its report and what it said."""
        if with_signal is not None:
            self.process.send_signal(with_signal)
        output, errors = self.process.communicate(timeout=PATIENCE_SECONDS)
        assert self.process.returncode == expect, errors
        report: dict[str, Any] = json.loads(output)
        return report, errors

    def resident_mebibytes(self) -> int:
        """Return the memory that it has now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(status.split("VmRSS:")[1].split()[0]) // 1024
