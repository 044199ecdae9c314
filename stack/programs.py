"""Tripline's own programs as parts of the native stack: consumer, producer, Mage's server, one-shot commands."""

import subprocess
import sys

import httpx

from contracts.errors import ConfigurationError, FatalError
from contracts.settings import (
    ConsumerSettings,
    MageSettings,
    ProducerSettings,
    Settings,
    WarehouseSettings,
    load,
)
from stack.native import NativeStack
from stack.part import CHECKOUT, Part, log_tail
from stack.ports import LOOPBACK

MAGE_PYTHON = CHECKOUT / "mage_project" / ".venv" / "bin" / "python"


class Programs:
    """Makes the parts that use the services of one native stack."""

    def __init__(self, services: NativeStack) -> None:
        """Read the programs' settings. Raises ConfigurationError."""
        self._services, self._folder = services, services.folder
        given = load(MageSettings)
        self.mage = given.model_copy(
            update={
                "owner_password": given.owner_password or self._folder.secret("mage_owner_password"),
                "jwt_secret": given.jwt_secret or self._folder.secret("mage_jwt_secret"),
                "data_folder": str(self._folder.path / "mage"),
            }
        )
        self.settings: tuple[Settings, ...] = (
            load(ProducerSettings),
            load(ConsumerSettings),
            load(WarehouseSettings),
            self.mage,
        )

    def environment(self) -> dict[str, str]:
        """Return the environment of a program that is to use this stack."""
        return self._services.environment(*self.settings)

    def run(self, *arguments: str) -> None:
        """Run `python -m …` to its end, its output in a log. Raises FatalError, with the log's tail, when it fails."""
        log = self._folder.logs / f"{'-'.join(arguments)}.log"
        with log.open("ab") as file:
            done = subprocess.run(
                [sys.executable, "-m", *arguments],
                cwd=CHECKOUT,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                check=False,
            )
        if done.returncode:
            raise FatalError(
                f"`python -m {' '.join(arguments)}` failed with exit code {done.returncode}",
                where=str(log),
                remedy=log_tail(log),
            )

    def consumer(self) -> Part:
        """Return the endless consumer."""
        return self._python("consumer", "-m", "consumer", "run")

    def producer(self, events_per_second: float) -> Part:
        """Return a simulated city that never sleeps."""
        return self._python(
            "producer", "-m", "producer", "simulate", "--endless", "--rate", format(events_per_second, "g")
        )

    def mage_server(self, port: int) -> Part:
        """Return Mage's server with its schedule. Raises ConfigurationError when its environment is not made yet."""
        if not MAGE_PYTHON.exists():
            raise ConfigurationError(
                "Mage's own environment is missing", where=str(MAGE_PYTHON), remedy="`make setup` makes it."
            )
        url = f"http://{LOOPBACK}:{port}"

        def schedules() -> bool:
            # It answers 200 as well while its scheduler is down.
            try:
                answer = httpx.get(f"{url}/api/status", timeout=2, trust_env=False).json()
                return bool(answer["statuses"][0]["scheduler_status"] == "running")
            except (httpx.HTTPError, ValueError, LookupError):
                return False

        return Part(
            name="mage",
            command=[str(MAGE_PYTHON), "-m", "mage_project", "serve", "--host", LOOPBACK, "--port", str(port)],
            environment=self.environment(),
            folder=CHECKOUT,
            log=self._folder.logs / "mage.log",
            healthy=schedules,
            address=url,
        )

    def _python(self, name: str, *arguments: str) -> Part:
        return Part(
            name=name,
            command=[sys.executable, *arguments],
            environment=self.environment(),
            folder=CHECKOUT,
            log=self._folder.logs / f"{name}.log",
            healthy=lambda: True,  # Its data must move, which `stack.movement` watches.
            patience_seconds=30,
        )
