"""Keeps what Mage prints out of the terminal."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def printed_to(log: Path) -> Iterator[None]:
    """Append everything that this process, its libraries and its children print to `log` instead.

    File descriptors are exchanged and not `sys.stdout`: Mage's loggers and child processes keep the descriptors.
    """
    _flush()
    terminal = [os.dup(descriptor) for descriptor in (1, 2)]
    with log.open("ab") as file:
        for descriptor in (1, 2):
            os.dup2(file.fileno(), descriptor)
    try:
        yield
    finally:
        _flush()
        for descriptor, copy in zip((1, 2), terminal, strict=True):
            os.dup2(copy, descriptor)
            os.close(copy)


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
