"""Where processes listen."""

import contextlib
from collections.abc import Iterable

import psutil


def listening_addresses(processes: Iterable[psutil.Process]) -> list[tuple[str, int]]:
    """Return (ip, port) of every listening socket; a process that ends meanwhile listens no more."""
    found: list[tuple[str, int]] = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            found += [
                (connection.laddr.ip, connection.laddr.port)
                for connection in process.net_connections("inet")
                if connection.status == psutil.CONN_LISTEN
            ]
    return found
