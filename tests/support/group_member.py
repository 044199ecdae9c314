"""A consumer that runs as a thread of the test's process: it begins at once, and ends with an exception to look at."""

from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from types import TracebackType
from typing import Any

from consumer.landing import Lake
from consumer.loop import Loop
from consumer.report import Counts, Report
from consumer.status import Status
from contracts.settings import ConsumerSettings, KafkaSettings, LakeSettings

_STEP_SECONDS = 90
# Shorter than any setting may be: a mock cluster waits for the end of the session at each rebalance.
_SHORT = {"session_seconds": 2}


class _NoProgress:
    def advance(self, rows: int) -> None:
        """Show nothing."""

    def set_total(self, rows: int) -> None:
        """Show nothing."""


class GroupMember:
    """`with GroupMember(kafka, lake, batch_rows=10) as member:` joins the group named as the topic, and leaves it."""

    def __init__(self, kafka: KafkaSettings, lake: LakeSettings, **consumer: Any) -> None:
        settings = ConsumerSettings.model_validate({"group": kafka.topic} | consumer).model_copy(update=_SHORT)
        lakes = [Lake(lake, kafka.topic, settings.landing_seconds) for _ in range(settings.writers)]
        self._report = Report(_NoProgress())
        self._loop = Loop(kafka, settings, lakes, self._report, Status(_STEP_SECONDS))
        self._stop = Event()
        self._thread = ThreadPoolExecutor(1)
        self._ended: Future[None] = self._thread.submit(self._loop.run, self._stop)

    @property
    def counts(self) -> Counts:
        """What it has landed."""
        return self._report.counts

    @property
    def has_ended(self) -> bool:
        """Whether it has stopped by itself."""
        return self._ended.done()

    def error(self, seconds: float = 120) -> BaseException | None:
        """Wait for its end and return what it ended with."""
        return self._ended.exception(seconds)

    def leave(self) -> None:
        """Land what it holds and leave the group; raise what it has ended with."""
        self._stop.set()
        self._ended.result(120)

    def __enter__(self) -> "GroupMember":
        """Lend the member."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the group."""
        self._stop.set()
        self._thread.shutdown()
