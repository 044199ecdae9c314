"""What lands a topic in Postgres, as this benchmark starts it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from psycopg import sql

from contracts.errors import TriplineError
from contracts.settings import KafkaSettings, LakeSettings, Settings, child_environment, with_checkout

ROOT = Path(__file__).resolve().parent.parent


class NotInstallableError(TriplineError):
    """A peer cannot be had on this machine; its row of the table says why."""


class Table(NamedTuple):
    """Where a sink's rows are counted, and the columns that hold a message's coordinates."""

    name: sql.Identifier
    partition: sql.Identifier
    offset: sql.Identifier


LAKE_TABLE = Table(
    sql.Identifier("raw", "trip_event"), sql.Identifier("kafka_partition"), sql.Identifier("kafka_offset")
)


class Place(NamedTuple):
    """One run: its topic, its empty database with the lake's schema, a folder, and a consumer group's name."""

    kafka: KafkaSettings
    lake: LakeSettings
    folder: Path
    group: str

    def environment(self, *more: Settings) -> dict[str, str]:
        """Return the environment of a Python program that is to use this place."""
        return with_checkout(child_environment(self.kafka, self.lake, *more))

    def libpq_environment(self) -> dict[str, str]:
        """Return the environment of a program that connects by libpq's variables."""
        return {
            **child_environment(),
            "PGHOST": self.lake.host,
            "PGPORT": str(self.lake.port),
            "PGDATABASE": self.lake.database,
            "PGUSER": self.lake.user,
            "PGPASSWORD": self.lake.password.get_secret_value(),
            "PGSSLMODE": self.lake.sslmode,
        }


class Program(NamedTuple):
    """A process of a sink."""

    command: Sequence[str]
    environment: Mapping[str, str]


class Sink(NamedTuple):
    """What is measured. It may end by itself or run on: it counts until the last row is there."""

    name: str
    programs: Callable[[Place], Sequence[Program]]
    part: int = 1
    """It gets one of so many events: more of them would only make the slow ones wait."""
    table: Table = LAKE_TABLE
    create_table: str = ""
    """The SQL file that makes its table, when that is not the lake's and it does not make it itself."""
    is_peer: bool = True
    """A peer that fails is shown as such; one of ours ends the benchmark."""
