"""The services of the native stack as one thing that starts together and stops whole.

with native_stack(Path("build/demo"), parts=SERVICES) as services:
    connect(services.lake, application="demo")
    subprocess.run([sys.executable, "-m", "consumer", "migrate"], env=services.environment())
    services.add(some_part)      # started, recorded, watched and stopped with the rest
    services.check()             # raises PartDiedError when any part has died
"""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Lock, current_thread, main_thread
from typing import Protocol

from contracts.settings import BigQuerySettings, KafkaSettings, LakeSettings, Settings, StackSettings, child_environment
from stack.bigquery import BigQueryEmulator
from stack.cache import cache_folder
from stack.guard import start_guard
from stack.kafka import Kafka
from stack.part import Part, RunningPart
from stack.ports import claim, is_free
from stack.postgres import Postgres, create_database
from stack.process import ProcessIdentity
from stack.state import Recorded, StackFolder, State

SERVICES = ("kafka", "postgres", "bigquery")


class Service(Protocol):
    """A service that can be made ready and then run as a part."""

    name: str

    def prepare(self, say: Callable[[str], object], /) -> None:
        """Do what the first start needs; quick when it is done already. `say` hears of what takes long."""

    def part(self) -> Part:
        """Return how to run it."""


class NativeStack:
    """The services of one folder. `kafka`, `lake` and `bigquery` say how to reach them."""

    def __init__(  # noqa: PLR0913, PLR0917 - one argument for each settings model
        self,
        folder: StackFolder,
        stack: StackSettings,
        kafka: KafkaSettings,
        lake: LakeSettings,
        bigquery: BigQuerySettings,
        parts: Sequence[str] = SERVICES,
        more_ports: Sequence[str] = (),
    ) -> None:
        """Choose ports and passwords. Raises ConfigurationError when a fixed port is taken."""
        self.folder, self.settings = folder, stack
        self.running: dict[str, RunningPart] = {}
        self._recording = Lock()
        self._ready = False
        cache, data = cache_folder(stack), folder.path
        ports = self.ports = self._choose_ports((*parts, *more_ports))
        services: dict[str, Callable[[], Service]] = {
            "kafka": lambda: Kafka(
                data / "kafka", cache, port=ports["kafka"], controller_port=ports["kafka_controller"], template=kafka
            ),
            "postgres": lambda: Postgres(
                data / "postgres", port=ports["postgres"], password=folder.secret("lake_password"), template=lake
            ),
            "bigquery": lambda: BigQueryEmulator(
                data / "bigquery", cache, port=ports["bigquery"], grpc_port=ports["bigquery_grpc"], template=bigquery
            ),
        }
        self._services = {name: services[name]() for name in parts}
        self.kafka, self.lake, self.bigquery = kafka, lake, bigquery
        for service in self._services.values():
            match service:
                case Kafka():
                    self.kafka = service.settings
                case Postgres():
                    self.lake = service.settings
                case BigQueryEmulator():
                    self.bigquery = service.settings

    def environment(self, *more: Settings) -> dict[str, str]:
        """Return the environment for a program that is to use this stack."""
        return child_environment(self.kafka, self.lake, self.bigquery, *more)

    def start(self, say: Callable[[str], object]) -> None:
        """Start the services together and return when all are healthy; `say` hears of each.

        Raises PartDiedError, with the tail of its log, for the first that is not.
        """
        with ThreadPoolExecutor(len(self._services)) as pool:
            list(pool.map(lambda service: self._prepare_and_start(service, say), self._services.values()))
        for name, running in self.running.items():
            running.wait_until_healthy()
            say(f"{name} runs at {running.part.address}")
        if "postgres" in self._services:
            create_database(self.lake)

    def add(self, part: Part) -> RunningPart:
        """Start one more part, to be watched and stopped with the rest; it may not be healthy yet."""
        with self._recording:
            running = self.running[part.name] = RunningPart(part)
            self._record()
        return running

    def restart(self, name: str) -> None:
        """Stop a part, or note that it is dead, and start it again with its data."""
        old = self.running[name]
        old.stop()
        self.add(old.part).wait_until_healthy()

    def mark_ready(self) -> None:
        """Record that everything runs that shall."""
        self._ready = True
        self._record()

    def check(self) -> None:
        """Raise PartDiedError, with the tail of its log, when any part has died."""
        for part in self.running.values():
            part.check()

    def stop(self) -> None:
        """Stop all parts, last started first."""
        for name in reversed(list(self.running)):
            self.running[name].stop()
            del self.running[name]
        self.folder.write(State())

    def _prepare_and_start(self, service: Service, say: Callable[[str], object]) -> None:
        service.prepare(say)
        self.add(service.part())

    def _record(self) -> None:
        me = ProcessIdentity.of(os.getpid())
        self.folder.write(
            State(
                supervisor=Recorded("supervisor", *me),
                parts=tuple(
                    Recorded(
                        name,
                        *each.identity,
                        address=each.part.address,
                        log=str(each.part.log),
                        stop_signal=each.part.stop_signal,
                    )
                    for name, each in self.running.items()
                ),
                ready=self._ready,
            )
        )

    def _choose_ports(self, parts: Sequence[str]) -> dict[str, int]:
        fixed = {
            "kafka": (self.settings.kafka_port, "TRIPLINE_STACK_KAFKA_PORT"),
            "postgres": (self.settings.lake_port, "TRIPLINE_STACK_LAKE_PORT"),
            "bigquery": (self.settings.bigquery_port, "TRIPLINE_STACK_BIGQUERY_PORT"),
            "mage": (self.settings.mage_port, "TRIPLINE_STACK_MAGE_PORT"),
        }
        earlier, chosen = self.folder.ports(), dict[str, int]()
        for name in (*parts, *(f"{part}_{more}" for part, more in _SECOND_PORTS.items() if part in parts)):
            port, setting = fixed.get(name, (0, ""))
            last = earlier.get(name, 0)
            chosen[name] = last if port == 0 and last and is_free(last) else claim(port, setting)
        self.folder.remember_ports({**earlier, **chosen})
        return chosen


_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SECOND_PORTS = {"kafka": "controller", "bigquery": "grpc"}


@contextmanager
def native_stack(  # noqa: PLR0913 - one argument for each settings model
    folder: Path,
    *,
    parts: Sequence[str] = SERVICES,
    more_ports: Sequence[str] = (),
    say: Callable[[str], object] = lambda _: None,
    stack: StackSettings | None = None,
    kafka: KafkaSettings | None = None,
    lake: LakeSettings | None = None,
    bigquery: BigQuerySettings | None = None,
) -> Iterator[NativeStack]:
    """Run services in `folder` for the length of a `with` block; their data stay, their processes do not.

    `kafka`, `lake` and `bigquery` give everything but the addresses and the password; `more_ports` names ports to
    choose for parts that are added later (`"mage"`), found in `NativeStack.ports`. When this process is killed, a
    guard stops what it left. Raises BusyError when a stack runs in the folder already, ConfigurationError when a
    fixed port is taken, PartDiedError when a service does not become healthy.
    """
    state = StackFolder(folder)
    with state.lock():
        services = NativeStack(
            state,
            stack or StackSettings(),
            kafka or KafkaSettings(),
            lake or LakeSettings(),
            bigquery or BigQuerySettings(),
            parts,
            more_ports,
        )
        guard = start_guard(state)
        try:
            services.start(say)
            yield services
        finally:
            with _undisturbed():
                services.stop()
                guard.communicate()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep a second Ctrl-C from leaving half of the stack behind."""
    if current_thread() is not main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
