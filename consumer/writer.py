"""One connection to the lake in a thread of its own, and the records that it lands next."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from queue import Empty, SimpleQueue
from typing import TypeVar

from consumer.batch import Batch
from consumer.buffer import Buffer
from consumer.isolation import land_isolating
from consumer.landing import Lake

Answer = TypeVar("Answer")


class Writer:
    """Lands one batch at a time, while its buffer fills with the next. All methods belong to the loop's thread.

    psycopg and librdkafka release the interpreter while they wait, so several writers land side by side.
    """

    def __init__(self, lake: Lake, buffer: Buffer, isolation_seconds: float) -> None:
        self.buffer = buffer
        self._isolation_seconds = isolation_seconds
        self._lake = lake
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._landing: Future[None] | None = None
        self._landed: SimpleQueue[Batch] = SimpleQueue()
        self._started = self._failed = Batch()
        self._unsettled_dead_letters = 0

    @property
    def landing(self) -> Future[None] | None:
        """What was started and `settle` has not seen the end of."""
        return self._landing

    @property
    def is_landing(self) -> bool:
        """Whether a batch was started that `settle` has not seen the end of."""
        return self._landing is not None

    @property
    def dead_letters(self) -> int:
        """How many dead letters it holds that have not been settled."""
        return self.buffer.dead_letters + self._unsettled_dead_letters

    def start(self, batch: Batch) -> None:
        """Begin to land a batch; the one before has been settled."""
        self._unsettled_dead_letters = len(batch.dead_letters)
        self._started = batch
        self._landing = self._thread.submit(self._land, batch)

    def settle(self, *, finish: bool) -> tuple[list[Batch], Exception | None]:
        """Return what has landed since the last call, and why the rest did not; to the end, if it is to `finish`.

        The end comes within the lake's deadline, or twice that when a refused value had to be found.
        """
        if self._landing is None:
            return [], None
        finished = finish or self._landing.done()
        if finish:
            wait([self._landing])
        # The queue is read after the future: what landed before the end is in it by then.
        landed = self._take_landed()
        for part in landed:
            self.buffer.landed(part)
            self._unsettled_dead_letters = max(self._unsettled_dead_letters - len(part.dead_letters), 0)
        if not finished:
            return landed, None
        error = self._landing.exception()
        if error is not None:
            self._failed = self._started.behind(self.buffer.positions)
        self._landing, self._started = None, Batch()
        self._unsettled_dead_letters = 0
        if error is not None and not isinstance(error, Exception):
            raise error
        return landed, error

    def drop(self) -> list[Batch]:
        """Forget all partitions; return what failed to land, as far as it knows, and what it held.

        What was started has been settled.
        """
        dropped = [self._failed, self.buffer.drain()]
        self._failed = Batch()
        self.buffer.forget(list(self.buffer.positions))
        return dropped

    def ask(self, question: Callable[[Lake], Answer]) -> Answer:
        """Call the lake in the writer's thread, after what it is landing; raise what the lake raises."""
        return self._thread.submit(question, self._lake).result()

    def close(self) -> None:
        """End the connection and the thread, after what it is landing."""
        self.ask(Lake.disconnect)
        self._thread.shutdown()

    def _land(self, batch: Batch) -> None:
        for part in land_isolating(self._lake, batch, time.monotonic() + self._isolation_seconds):
            self._landed.put(part)

    def _take_landed(self) -> list[Batch]:
        parts: list[Batch] = []
        while True:
            try:
                parts.append(self._landed.get_nowait())
            except Empty:
                return parts
