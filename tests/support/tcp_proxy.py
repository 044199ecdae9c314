"""A TCP proxy on loopback that can cut, swallow, hold, slow and reset what passes through it.

with TcpProxy("127.0.0.1", 5432) as proxy:
    connect(lake.model_copy(update={"port": proxy.port}))
    proxy.reset()                       # every connection ends with RST
    proxy.refuse()                      # every open connection and every new one ends with RST
    proxy.swallow()                     # connections stay open, and nothing passes any more
    proxy.abandon()                     # half-open: the server is cut off, the client hears nothing of it
    proxy.slow(0.2, 10_000)             # each chunk waits, and then trickles
    proxy.reset_after_answer(b"COMMIT") # the server answers to the next COMMIT, the client gets RST instead
    proxy.hold_request(b"COMMIT")       # the next COMMIT waits in the proxy until `release`
    proxy.hold_answer(b"COMMIT")        # the answer to the next COMMIT waits in the proxy until `release`
    proxy.cut_at(7)                     # the seventh chunk from now, in either direction, does not arrive: RST instead
    proxy.heal()                        # new connections pass again
"""

import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Lock, Thread
from types import TracebackType

_CHUNK_BYTES = 65_536
_TRICKLES_A_SECOND = 10


@dataclass
class _Pair:
    client: socket.socket
    server: socket.socket
    on_answer: Callable[["_Pair"], bool] | None = None
    """What becomes of the server's next answer; True passes it on."""
    abandoned: bool = False


class TcpProxy:
    """Forwards connections from `port` on loopback to one server; counts what its faults did."""

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.accepted = 0
        self.resets = 0
        self.abandoned = 0
        self.held = 0
        self.slowed_chunks = 0
        self.swallowed_bytes = 0
        self._pairs: list[_Pair] = []
        self._lock = Lock()
        self._closed = False
        self._swallowing = Event()
        self._refusing = Event()
        self._released = Event()
        self._slowness = (0.0, 0)
        self._chunks_left = -1
        self._awaited: tuple[bytes, Callable[[_Pair], bool]] | None = None

    def __enter__(self) -> "TcpProxy":
        """Start to accept connections."""
        Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Reset all connections and stop listening."""
        self._released.set()
        # Closing alone would leave the thread waiting in accept.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            self._closed = True
        self.reset()

    def reset(self) -> None:
        """End every open connection with RST."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            self._reset(pair)

    def refuse(self) -> None:
        """Reset every open connection and every new one."""
        self._refusing.set()
        self.reset()

    def swallow(self) -> None:
        """Let nothing pass in either direction, on connections open and new; they stay open."""
        self._swallowing.set()

    def abandon(self) -> None:
        """Cut the server off from every open connection; the client's end stays open and silent."""
        with self._lock:
            pairs = [pair for pair in self._pairs if not pair.abandoned]
        for pair in pairs:
            pair.abandoned = True
            self.abandoned += 1
            _end(pair.server)

    def slow(self, latency_seconds: float, bytes_per_second: int) -> None:
        """Let every chunk wait this long, and then trickle at this rate."""
        self._slowness = (latency_seconds, bytes_per_second)

    def cut_at(self, chunk: int) -> None:
        """Once: let the chunks before this one (from 1) pass, in either direction, and reset instead of it."""
        self._chunks_left = chunk

    def reset_after_answer(self, request: bytes) -> None:
        """Once: let the server do what a request with these bytes asks, and reset instead of passing its answer on."""

        def reset(pair: _Pair) -> bool:
            self._reset(pair)
            return False

        self._await(request, lambda pair: _set_answer(pair, reset))

    def hold_answer(self, request: bytes) -> None:
        """Once: let the server do what a request with these bytes asks, and keep its answer until `release`."""
        self._await(request, lambda pair: _set_answer(pair, self._hold))

    def hold_request(self, request: bytes) -> None:
        """Once: keep a request with these bytes, and what follows on its connection, until `release`."""
        self._await(request, self._hold)

    def release(self) -> None:
        """Pass on what is held."""
        self._released.set()

    def heal(self) -> None:
        """Let connections pass again; those cut off or swallowed into are reset, what is held is passed on."""
        if self._swallowing.is_set() or self.abandoned:
            self.reset()
        self._swallowing.clear()
        self._refusing.clear()
        self._released.set()
        self._slowness = (0.0, 0)
        self._chunks_left = -1
        self._awaited = None

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            try:
                pair = _Pair(client, socket.create_connection(self.target))
            except OSError:
                self.resets += 1
                _end(client)
                continue
            with self._lock:
                refused = self._closed or self._refusing.is_set()
                if not refused:
                    self._pairs.append(pair)
            if refused:
                self._reset(pair)
                continue
            Thread(target=self._pump, args=(pair, pair.client, pair.server, self._on_request), daemon=True).start()
            Thread(target=self._pump, args=(pair, pair.server, pair.client, self._on_answer), daemon=True).start()

    def _pump(
        self, pair: _Pair, source: socket.socket, sink: socket.socket, passes: Callable[[_Pair, bytes], bool]
    ) -> None:
        try:
            while chunk := source.recv(_CHUNK_BYTES):
                if self._swallowing.is_set():
                    self.swallowed_bytes += len(chunk)
                elif self._survives_cut(pair) and passes(pair, chunk):
                    self._forward(chunk, sink)
            if not self._swallowing.is_set() and not pair.abandoned:
                sink.shutdown(socket.SHUT_WR)
        except OSError:
            # One end is gone with a reset: so goes the other, unless a fault wants it to hear nothing.
            if not self._swallowing.is_set() and not pair.abandoned:
                _end(pair.client)
                _end(pair.server)

    def _forward(self, chunk: bytes, sink: socket.socket) -> None:
        latency, rate = self._slowness
        if not rate:
            sink.sendall(chunk)
            return
        self.slowed_chunks += 1
        time.sleep(latency)
        piece = max(rate // _TRICKLES_A_SECOND, 1)
        for start in range(0, len(chunk), piece):
            sink.sendall(chunk[start : start + piece])
            if self._slowness[1]:
                time.sleep(1 / _TRICKLES_A_SECOND)

    def _survives_cut(self, pair: _Pair) -> bool:
        with self._lock:
            is_last = self._chunks_left == 1
            self._chunks_left -= self._chunks_left > 0
        if is_last:
            self._reset(pair)
        return not is_last

    def _await(self, request: bytes, act: Callable[[_Pair], bool]) -> None:
        self._released.clear()
        self._awaited = (request, act)

    def _on_request(self, pair: _Pair, chunk: bytes) -> bool:
        awaited = self._awaited
        if awaited is None or awaited[0] not in chunk:
            return True
        self._awaited = None
        return awaited[1](pair)

    def _on_answer(self, pair: _Pair, _: bytes) -> bool:
        act, pair.on_answer = pair.on_answer, None
        return act(pair) if act else True

    def _hold(self, _: _Pair) -> bool:
        self.held += 1
        self._released.wait()
        return True

    def _reset(self, pair: _Pair) -> None:
        self.resets += 1
        _end(pair.client)
        _end(pair.server)


def _set_answer(pair: _Pair, act: Callable[[_Pair], bool]) -> bool:
    pair.on_answer = act
    return True


def _end(end: socket.socket) -> None:
    """Close with RST, also under a thread that waits in recv, which close alone would not wake."""
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.shutdown(socket.SHUT_RD)
    end.close()
