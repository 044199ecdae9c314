"""The BigQuery emulator: bqemulator from PyPI, persistent, on loopback."""

import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import httpx
from duckdb_extensions import import_extension

from contracts.settings import BigQuerySettings, child_environment, with_checkout
from stack.part import Part
from stack.ports import LOOPBACK


class BigQueryEmulator:
    """An emulator that keeps its DuckDB file in `folder`."""

    name = "bigquery"

    def __init__(self, folder: Path, cache: Path, *, port: int, grpc_port: int, template: BigQuerySettings) -> None:
        self._folder, self._port, self._grpc_port = folder, port, grpc_port
        # DuckDB looks for its extensions in the home folder; this one is ours, so that the user's stays as it is.
        self._home = cache / "duckdb"
        self.settings = template.model_copy(update={"emulator_url": f"http://{LOOPBACK}:{port}"})

    def prepare(self, _say: Callable[[str], object]) -> None:
        """Put DuckDB's spatial extension, which the emulator loads, where it will look for it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(config={"extension_directory": str(self._home / ".duckdb" / "extensions")}) as connection:
            import_extension("spatial", con=connection)

    def part(self) -> Part:
        """Return how to run the emulator."""
        options = {
            "--rest-host": LOOPBACK,
            "--rest-port": str(self._port),
            "--grpc-host": LOOPBACK,
            "--grpc-port": str(self._grpc_port),
            "--data-dir": str(self._folder / "data"),
            "--project": self.settings.project,
            "--log-level": "warning",
        }
        return Part(
            name=self.name,
            command=[sys.executable, "-m", "stack.emulator", "start", "--persistent", *sum(options.items(), ())],
            environment=with_checkout({**child_environment(), "HOME": str(self._home)}),
            folder=self._folder,
            log=self._folder.parent / "logs" / "bigquery.log",
            healthy=self._answers,
            address=self.settings.emulator_url,
        )

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.settings.emulator_url}/readyz", timeout=2, trust_env=False).is_success
        except httpx.HTTPError:
            return False
