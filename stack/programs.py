"""Tripline's own programs as parts of the native stack: consumer, producer, Mage's server, one-shot commands."""

import subprocess
import sys

import httpx
from pydantic import SecretStr

from contracts.errors import ConfigurationError, FatalError
from contracts.settings import (
    ConsumerSettings,
    LakeSettings,
    MageSettings,
    MaintenanceSettings,
    ProducerSettings,
    QualitySettings,
    RolesSettings,
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
        roles = load(RolesSettings)
        self.roles = roles.model_copy(
            update={
                name: getattr(roles, name) or self._folder.secret(name)
                for name in RolesSettings.model_fields
                if name.endswith("_password")
            }
        )
        self.settings: tuple[Settings, ...] = (
            load(ProducerSettings),
            load(ConsumerSettings),
            load(WarehouseSettings),
            load(QualitySettings),
            load(MaintenanceSettings),
            self.mage,
        )

    def environment(self, *more: Settings) -> dict[str, str]:
        """Return the environment of a program that is to use this stack, as the lake's owner unless `more` says who."""
        return self._services.environment(*self.settings, *more)

    def run(self, *arguments: str) -> None:
        """Run `python -m …` to its end, its output in a log. Raises FatalError, with the log's tail, when it fails."""
        log = self._folder.logs / f"{'-'.join(arguments)}.log"
        with log.open("ab") as file:
            done = subprocess.run(
                [sys.executable, "-m", *arguments],
                cwd=CHECKOUT,
                env=self.environment(self.roles),
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
        lake = self._lake_as(self.roles.consumer, self.roles.consumer_password)
        return self._python("consumer", lake, "-m", "consumer", "run")

    def producer(self, events_per_second: float) -> Part:
        """Return a simulated city that never sleeps."""
        lake = self._lake_as("", SecretStr(""))
        return self._python(
            "producer", lake, "-m", "producer", "simulate", "--endless", "--rate", format(events_per_second, "g")
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
            environment=self.environment(
                self._lake_as(self.roles.warehouse, self.roles.warehouse_password),
                # Its pipeline `lake_maintenance` needs what the warehouse may not.
                RolesSettings(maintenance=self.roles.maintenance, maintenance_password=self.roles.maintenance_password),
            ),
            folder=CHECKOUT,
            log=self._folder.logs / "mage.log",
            healthy=schedules,
            address=url,
        )

    def _lake_as(self, user: str, password: SecretStr) -> LakeSettings:
        return self._services.lake.model_copy(update={"user": user, "password": password})

    def _python(self, name: str, lake: LakeSettings, *arguments: str) -> Part:
        return Part(
            name=name,
            command=[sys.executable, *arguments],
            environment=self.environment(lake),
            folder=CHECKOUT,
            log=self._folder.logs / f"{name}.log",
            healthy=lambda: True,  # Its data must move, which `stack.movement` watches.
            patience_seconds=30,
        )
