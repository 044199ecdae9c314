"""Ports on loopback: a free one, or the one that the settings fix."""

import secrets
import socket

from contracts.errors import ConfigurationError

LOOPBACK = "127.0.0.1"
# Below the range from which kernels take the ports of outgoing connections: a client that calls again and again while
# a server restarts would otherwise be given the server's own port, and keep it.
FIRST, LAST = 20_000, 31_999


def is_free(port: int) -> bool:
    """Say whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def is_open(port: int) -> bool:
    """Say whether something listens on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


def free_port() -> int:
    """Return a port that nothing listens on."""
    while True:
        port = FIRST + secrets.randbelow(LAST - FIRST)
        if is_free(port) and not is_open(port):
            return port


def claim(port: int, setting: str) -> int:
    """Return the fixed port, or a free one when it is 0.

    Raises ConfigurationError, naming the setting, when the fixed port is taken.
    """
    if port == 0:
        return free_port()
    if not is_free(port) or is_open(port):
        raise ConfigurationError(
            "The port is taken by another program", where=f"{LOOPBACK}:{port}", remedy=f"{setting}=0 takes a free one."
        )
    return port
