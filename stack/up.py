"""`python -m stack up`: everything runs until Ctrl-C, a signal, or the death of a part."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from rich.console import Console
from rich.live import Live

from contracts import console
from contracts.errors import ExitCode, TriplineError
from contracts.settings import (
    PREFIX,
    BigQuerySettings,
    KafkaSettings,
    LakeSettings,
    MageSettings,
    StackSettings,
    load,
    read_environment,
)
from stack.movement import Movement, read_movement
from stack.native import SERVICES, NativeStack, native_stack
from stack.part import log_tail
from stack.programs import Programs
from stack.state import StackFolder

LOOK_SECONDS = 2.0
PLAIN_SECONDS = 30.0


def run(stack: StackSettings) -> None:
    """Start everything, show how the data move, and stop everything at the end.

    Raises BusyError, ConfigurationError, PartDiedError with the tail of the log of the part that died.
    """
    with suppress(KeyboardInterrupt), _signals_as_interrupt(), _services(stack) as services:
        try:
            programs = Programs(services)
            _start_programs(services, programs, stack)
            services.mark_ready()
            show_addresses(services.folder)
            _watch(services)
        except KeyboardInterrupt:
            console.say("Stopping …")
            raise


def detach(stack: StackSettings) -> int:
    """Run `stack up` in the background and return 0 once everything runs.

    When it ends before, show what it said and return its exit code. Raises BusyError.
    """
    folder = StackFolder(Path(stack.folder))
    with folder.lock():
        pass  # Nobody holds it, or this raises; a moment later the new process takes it.
    log = folder.logs / "up.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "stack", "up"],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    console.say(f"Starting everything in the background; its log is {log}")
    while process.poll() is None:
        state = folder.read()
        if state.ready and state.supervisor and state.supervisor.pid == process.pid:
            show_addresses(folder)
            return 0
        time.sleep(0.2)
    console.say(f"It ended with exit code {process.returncode}. {log_tail(log)}")
    return process.returncode or ExitCode.PART_DIED


def wanted_services(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the services to start: not the emulator when TRIPLINE_BIGQUERY_EMULATOR_URL is given, and empty."""
    real_bigquery = environment.get(f"{PREFIX}BIGQUERY_EMULATOR_URL") == ""
    return tuple(name for name in SERVICES if not (real_bigquery and name == "bigquery"))


def show_addresses(folder: StackFolder) -> None:
    """Print what runs where, and where the passwords stand."""
    parts = [(part.name, part.address or "-", part.log) for part in folder.read().parts]
    console.table("Tripline runs", ("part", "address", "log"), parts)
    mage = load(MageSettings)
    password = "your TRIPLINE_MAGE_OWNER_PASSWORD" if mage.owner_password else folder.secret_file("mage_owner_password")
    logins = [
        ("Mage's owner", f"{mage.owner_email}, password: {password}"),
        ("Postgres' role", f"{load(LakeSettings).user}, password: {folder.secret_file('lake_password')}"),
        ("A command on it", f"uv run --env-file {folder.env_file} python -m warehouse status"),
    ]
    console.table("How to reach it", ("", ""), logins)


def line(movement: Movement, before: Movement | None, seconds: float, up_for: float = float("inf")) -> str:
    """Return the movement of data as one line: events, events a second since `before`, and what stands still."""
    parts = []
    for position, stage in enumerate(movement.stages):
        rate = f" ({(stage.events - before.stages[position].events) / max(seconds, 0.001):,.0f}/s)" if before else ""
        parts.append(f"{stage.name} {stage.events:,}{rate if stage.name != 'loaded' else ''}")
    text = " → ".join(parts) + f" · dead letters {movement.dead_lettered:,}"
    if movement.loaded.age is not None:
        text += f" · last load {movement.loaded.age:,.0f} s ago"
    standing = movement.standing(up_for)
    return text + (f" · nothing is being {' or '.join(standing)}" if standing else "")


def _services(stack: StackSettings) -> AbstractContextManager[NativeStack]:
    return native_stack(
        Path(stack.folder),
        parts=wanted_services(read_environment()),
        more_ports=("mage",),
        stack=stack,
        kafka=load(KafkaSettings),
        lake=load(LakeSettings),
        bigquery=load(BigQuerySettings),
        say=console.say,
    )


def _start_programs(services: NativeStack, programs: Programs, stack: StackSettings) -> None:
    services.folder.write_environment(
        {name: value for name, value in services.environment().items() if name.startswith(PREFIX)}
    )
    console.say("Creating topic, lake and warehouse …")
    programs.run("consumer", "migrate", "--roles")
    programs.run("warehouse", "prepare")
    mage = programs.mage_server(services.ports["mage"])
    for part in (programs.consumer(), programs.producer(stack.events_per_second), mage):
        services.add(part)
    console.say("Waiting for Mage's scheduler …")
    services.running["mage"].wait_until_healthy()


def _watch(services: NativeStack) -> None:
    before: Movement | None = None
    started = looked = time.monotonic()
    with _status_line() as show:
        while True:
            services.check()
            try:
                movement = read_movement(services.kafka, services.lake, services.bigquery)
            except TriplineError as error:
                show(f"not known now: {error}")
            else:
                now = time.monotonic()
                show(line(movement, before, now - looked, now - started))
                before, looked = movement, now
            time.sleep(LOOK_SECONDS)


@contextmanager
def _status_line() -> Iterator[Callable[[str], None]]:
    """Yield what shows a line: in its place on a terminal, else printed every half minute."""
    if sys.stderr.isatty():
        with Live(console=Console(stderr=True), auto_refresh=False) as live:
            yield lambda text: live.update(f"{text} · Ctrl-C stops", refresh=True)
        return
    due = 0.0

    def say(text: str) -> None:
        nonlocal due
        if time.monotonic() >= due:
            console.say(text)
            due = time.monotonic() + PLAIN_SECONDS

    yield say


@contextmanager
def _signals_as_interrupt() -> Iterator[None]:
    """Let SIGTERM and SIGHUP do what Ctrl-C does, and SIGINT too where a shell that started us had it ignored."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.default_int_handler) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
