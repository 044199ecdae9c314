"""Numbered SQL files, applied to the lake in order, once, and never changed afterwards."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psycopg
from psycopg import Connection
from psycopg.errors import LockNotAvailable
from psycopg.rows import TupleRow

from contracts.errors import BusyError, ConfigurationError, FatalError
from contracts.lake import classify, connect
from contracts.settings import LakeSettings
from contracts.sql import SQL_FOLDER, load_sql

MIGRATIONS = SQL_FOLDER / "postgres" / "migrations"
OLDEST_SERVER = 170_000
_NAME = re.compile(r"(\d{4})_[a-z0-9_]+")


class MigrationEditedError(FatalError):
    """A migration that was applied is not the file that stands here."""


class Migration(NamedTuple):
    """One file: its name without the ending, its text, and the SHA-256 of the text."""

    name: str
    text: str
    checksum: str


def read_migrations(folder: Path = MIGRATIONS) -> list[Migration]:
    """Return the folder's migrations in the order of their numbers.

    Raises FatalError for a file that is not named `0001_what_it_does.sql`, or a number that is there twice.
    """
    migrations: list[Migration] = []
    numbers: set[str] = set()
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.fullmatch(path.stem)
        if match is None or match[1] in numbers:
            raise FatalError("A migration needs a number of its own", where=str(path), remedy="Name it NNNN_what.sql.")
        numbers.add(match[1])
        content = path.read_bytes()
        migrations.append(Migration(path.stem, content.decode("utf-8"), hashlib.sha256(content).hexdigest()))
    return migrations


def migrate(lake: LakeSettings, folder: Path = MIGRATIONS) -> list[str]:
    """Apply what is missing, each file in one transaction; return the names of those applied.

    A second run at the same time waits for the first and then finds nothing to do. Raises UnreachableError,
    ConfigurationError, BusyError, MigrationEditedError, and FatalError naming the file that Postgres refused.
    """
    migrations = read_migrations(folder)
    with connect(lake, application="migrate", autocommit=True) as connection, _locked(connection, lake):
        _verify_server(connection, lake)
        connection.execute(load_sql("postgres/queries/create_migration_table"))
        applied: dict[str, str] = dict(connection.execute(load_sql("postgres/queries/select_migrations")).fetchall())
        for migration in migrations:
            if applied.get(migration.name, migration.checksum) != migration.checksum:
                raise MigrationEditedError(
                    "An applied migration was edited",
                    where=f"{migration.name}.sql at {lake.address}",
                    remedy="Restore the file and put the change into a new migration.",
                )
        missing = [migration for migration in migrations if migration.name not in applied]
        for migration in missing:
            _apply(connection, migration, lake)
    return [migration.name for migration in missing]


def _verify_server(connection: Connection[TupleRow], lake: LakeSettings) -> None:
    encoding = connection.info.parameter_status("server_encoding")
    if connection.info.server_version < OLDEST_SERVER or encoding != "UTF8":
        raise ConfigurationError(
            f"The lake needs PostgreSQL {OLDEST_SERVER // 10_000} or newer with UTF-8, and this is "
            f"{connection.info.server_version // 10_000} with {encoding}",
            where=f"Postgres at {lake.address}",
        )


def _apply(connection: Connection[TupleRow], migration: Migration, lake: LakeSettings) -> None:
    try:
        with connection.transaction():
            connection.execute(migration.text.encode())
            record = {"name": migration.name, "checksum": migration.checksum}
            connection.execute(load_sql("postgres/queries/record_migration"), record)
    except psycopg.Error as error:
        raise classify(error, where=f"migration {migration.name} at {lake.address}") from error


@contextmanager
def _locked(connection: Connection[TupleRow], lake: LakeSettings) -> Iterator[None]:
    try:
        connection.execute(load_sql("postgres/queries/lock_migrations"))
    except LockNotAvailable as error:
        raise BusyError("Another migration is still running", where=f"Postgres at {lake.address}") from error
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute(load_sql("postgres/queries/unlock_migrations"))
