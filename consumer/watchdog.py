"""A deadline that holds even when the network swallows everything.

Server-side time-outs do not help against a connection that is open but dead: the client would wait for ever.
"""

import socket
from threading import Lock, Timer
from types import TracebackType

from psycopg import Connection
from psycopg.rows import TupleRow


class deadline:  # noqa: N801 - reads as a statement: `with deadline(connection, 30): …`
    """Cut the connection when the block takes longer; what waits in it then fails as a lost connection."""

    def __init__(self, connection: Connection[TupleRow], seconds: float) -> None:
        self._socket_number = connection.pgconn.socket
        self._lock = Lock()
        self._running = True
        self._timer = Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> None:
        """Start the clock."""
        self._timer.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the clock."""
        self._timer.cancel()
        with self._lock:
            self._running = False

    def _cut(self) -> None:
        # Under the lock the number still belongs to this connection, and not to a file opened since.
        with self._lock:
            if self._running:
                handle = socket.socket(fileno=socket.dup(self._socket_number))
                with handle:
                    handle.shutdown(socket.SHUT_RDWR)
