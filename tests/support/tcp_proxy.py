"""A TCP proxy on loopback that can cut, swallow and reset what passes through it.

with TcpProxy("127.0.0.1", 5432) as proxy:
    connect(lake.model_copy(update={"port": proxy.port}))
    proxy.reset()                       # every connection ends with RST
    proxy.swallow()                     # connections stay open, and nothing passes any more
    proxy.reset_after_answer(b"COMMIT") # the server answers to the next COMMIT, the client gets RST instead
    proxy.heal()                        # new connections pass again
"""

import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Lock, Thread
from types import TracebackType

_CHUNK_BYTES = 65_536


@dataclass
class _Pair:
    client: socket.socket
    server: socket.socket
    doomed: bool = False
    """The server's next answer is dropped, and the client reset."""


class TcpProxy:
    """Forwards connections from `port` on loopback to one server; counts what its faults did."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.accepted = 0
        self.resets = 0
        self.swallowed_bytes = 0
        self._pairs: list[_Pair] = []
        self._lock = Lock()
        self._swallowing = Event()
        self._refusing = Event()
        self._fatal_request: bytes | None = None

    def __enter__(self) -> "TcpProxy":
        """Start to accept connections."""
        Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Reset all connections and stop listening."""
        # Closing alone would leave the thread waiting in accept.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.reset()

    def reset(self) -> None:
        """End every open connection with RST."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            self._reset(pair)

    def swallow(self) -> None:
        """Let nothing pass in either direction, on connections open and new; they stay open."""
        self._swallowing.set()

    def refuse(self) -> None:
        """Reset every open connection and every new one."""
        self._refusing.set()
        self.reset()

    def reset_after_answer(self, request: bytes) -> None:
        """Once: let the server do what a request with these bytes asks, and reset instead of passing its answer on."""
        self._fatal_request = request

    def heal(self) -> None:
        """Let new connections pass again; those that were swallowed into are reset."""
        if self._swallowing.is_set():
            self.reset()
        self._swallowing.clear()
        self._refusing.clear()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            pair = _Pair(client, socket.create_connection(self._target))
            if self._refusing.is_set():
                self._reset(pair)
                continue
            with self._lock:
                self._pairs.append(pair)
            Thread(target=self._pump, args=(pair, pair.client, pair.server, self._upstream), daemon=True).start()
            Thread(target=self._pump, args=(pair, pair.server, pair.client, self._downstream), daemon=True).start()

    def _pump(
        self, pair: _Pair, source: socket.socket, sink: socket.socket, judge: Callable[[_Pair, bytes], bool]
    ) -> None:
        with suppress(OSError):
            while chunk := source.recv(_CHUNK_BYTES):
                if self._swallowing.is_set():
                    self.swallowed_bytes += len(chunk)
                elif judge(pair, chunk):
                    sink.sendall(chunk)
            if not self._swallowing.is_set():
                sink.shutdown(socket.SHUT_WR)

    def _upstream(self, pair: _Pair, chunk: bytes) -> bool:
        if self._fatal_request is not None and self._fatal_request in chunk:
            self._fatal_request = None
            pair.doomed = True
        return True

    def _downstream(self, pair: _Pair, chunk: bytes) -> bool:
        if pair.doomed:
            self._reset(pair)
        return not pair.doomed

    def _reset(self, pair: _Pair) -> None:
        self.resets += 1
        for end in (pair.client, pair.server):
            with suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                # The other thread may be waiting in recv, which close alone would not wake.
                end.shutdown(socket.SHUT_RD)
            end.close()
