"""A native broker of a test's own, with a second listener that clients reach through a fault proxy only.

A client asks the broker where to connect to; a proxy in between works only when the broker answers with its address.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from contracts.settings import KafkaSettings
from stack.native import NativeStack, native_stack
from stack.ports import LOOPBACK, free_port
from tests.support.tcp_proxy import TcpProxy


@dataclass(frozen=True)
class ProxiedBroker:
    """`direct` leads to the broker, `proxied` to the same broker through `proxy`."""

    stack: NativeStack
    proxy: TcpProxy
    direct: KafkaSettings

    @property
    def proxied(self) -> KafkaSettings:
        """Where clients go whose link is to suffer."""
        return self.direct.model_copy(update={"bootstrap_servers": f"{LOOPBACK}:{self.proxy.port}"})

    def with_topic(self, topic: str) -> "ProxiedBroker":
        """Return the same broker with another topic name."""
        return replace(self, direct=self.direct.model_copy(update={"topic": topic}))

    def kill(self) -> int:
        """Kill the broker as a crash would; return the process id that is gone."""
        part = self.stack.running["kafka"]
        part.kill()
        assert part.has_died()
        return part.pid

    def restart(self) -> None:
        """Start it again with its data, and return when it answers."""
        self.stack.restart("kafka")


@contextmanager
def proxied_broker(folder: Path, *more_parts: str) -> Iterator[ProxiedBroker]:
    """Run a broker in `folder`, with other native services beside it, while the block lasts."""
    port = free_port()
    with TcpProxy(LOOPBACK, port) as proxy, native_stack(folder, parts=("kafka", *more_parts)) as stack:
        _add_listener(folder / "kafka" / "server.properties", port, proxy.port)
        stack.restart("kafka")
        yield ProxiedBroker(stack, proxy, stack.kafka)


def _add_listener(properties: Path, port: int, advertised_port: int) -> None:
    additions = {
        "listeners=": f",PROXIED://{LOOPBACK}:{port}",
        "advertised.listeners=": f",PROXIED://{LOOPBACK}:{advertised_port}",
        "listener.security.protocol.map=": ",PROXIED:PLAINTEXT",
    }
    lines = properties.read_text(encoding="utf-8").splitlines()
    for start, addition in additions.items():
        lines = [line + addition if line.startswith(start) else line for line in lines]
    properties.write_text("\n".join([*lines, "inter.broker.listener.name=PLAINTEXT", ""]), encoding="utf-8")
