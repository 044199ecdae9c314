"""Who judges a window's events: this process, or one beside it, since Python judges on one core at a time."""

import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, Self, cast

import msgspec

from contracts.errors import FatalError, TransientError
from contracts.settings import child_environment, with_checkout
from warehouse.judging import Verdicts, judge, receive, send


class Judge:
    """Is asked of batches of documents, and answers in their order, within its context; this one judges here.

    One thread may ask while another one takes answers. No document has a line feed.
    """

    def __init__(self) -> None:
        self._asked: deque[Sequence[bytes]] = deque()

    def __enter__(self) -> Self:
        return self

    def ask(self, payloads: Sequence[bytes]) -> None:
        """Hand in a batch."""
        self._asked.append(payloads)

    def answer(self) -> Verdicts:
        """Return the verdicts of the next batch."""
        return judge(self._asked.popleft())

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Whatever was asked needs no answer any more."""


class JudgeApart(Judge):
    """Has a process of its own judge, which runs within the context.

    Methods raise TransientError when that process was ended, FatalError when it failed.
    """

    def __enter__(self) -> Self:
        # Without our settings: it needs none, and some are secret.
        environment = with_checkout(child_environment())
        self._process = subprocess.Popen(
            [sys.executable, "-m", "warehouse.judging"], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._stdin = cast("IO[bytes]", self._process.stdin)
        self._stdout = cast("IO[bytes]", self._process.stdout)
        return self

    def ask(self, payloads: Sequence[bytes]) -> None:
        """Send the batch; waits while the process has enough to do."""
        try:
            send(self._stdin, b"\n".join(payloads))
        except OSError as error:
            raise self._failure() from error

    def answer(self) -> Verdicts:
        """Receive the verdicts; waits for them."""
        message = receive(self._stdout)
        if message is None:
            raise self._failure()
        return msgspec.msgpack.decode(message, type=Verdicts)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._process.kill()
        with suppress(OSError):
            self._stdin.close()
        self._process.wait()
        self._stdout.close()

    def _failure(self) -> FatalError | TransientError:
        code = self._process.wait()
        where = f"process {self._process.pid}"
        if code < 0:
            return TransientError(f"The process that judges events was ended by signal {-code}", where=where)
        return FatalError(f"The process that judges events failed with {code}", where=where, remedy="stderr has why.")
