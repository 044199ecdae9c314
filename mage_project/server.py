"""`python -m mage_project serve`: Mage's server, made safe to start and sure to stop."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress

import psutil
import psycopg
from psycopg import sql

from contracts.errors import ConfigurationError, PartDiedError
from contracts.lake import classify, connect
from contracts.settings import LakeSettings, MageSettings
from contracts.sql import load_sql
from mage_project.environment import PROJECT, server_environment

POLL_SECONDS = 1.0
GRACE_SECONDS = 5.0


def serve(mage: MageSettings, lake: LakeSettings, *, host: str, port: int) -> None:
    """Run Mage's server until SIGTERM or Ctrl-C, then end all its processes.

    Raises ConfigurationError (a secret is missing or weak, the port is taken, the database cannot be made),
    UnreachableError (Postgres), PartDiedError when the server ends by itself.
    """
    environment = server_environment(mage, lake, port=port)
    _claim(host, port)
    ensure_database(lake, mage.database)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    command = [sys.executable, "-m", "mage_project.mage", "start", str(PROJECT), "--host", host, "--port", str(port)]
    exit_code = supervise(command, {**os.environ, **environment})
    raise PartDiedError(f"Mage's server ended by itself with exit code {exit_code}", where=f"{host}:{port}")


def ensure_database(lake: LakeSettings, name: str) -> None:
    """Create the database of Mage's own state beside the lake when it is missing.

    Raises UnreachableError; ConfigurationError when the role may not create it.
    """
    with connect(lake, application="mage", autocommit=True) as connection:
        if connection.execute(load_sql("postgres/stack/find_database"), (name,)).fetchone() is not None:
            return
        try:
            connection.execute(sql.SQL(load_sql("postgres/stack/create_database")).format(sql.Identifier(name)))
        except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            # Another server was faster.
            return
        except psycopg.errors.InsufficientPrivilege as error:
            raise ConfigurationError(
                f"The role {lake.user} may not create the database {name}",
                where=f"Postgres at {lake.address}",
                remedy=f"Let an administrator create it, owned by {lake.user}.",
            ) from error
        except psycopg.Error as error:
            raise classify(error, where=f"Postgres at {lake.address}") from error


def supervise(command: list[str], environment: dict[str, str]) -> int:
    """Run the command until it ends and return its exit code; end all its descendants, however this is left.

    Mage's scheduler and workers outlive the process that started them, and would go on scheduling.
    """
    process = subprocess.Popen(command, env=environment)
    family: list[psutil.Process] = []
    try:
        while process.poll() is None:
            family = psutil.Process().children(recursive=True)
            time.sleep(POLL_SECONDS)
        return process.returncode
    finally:
        # A second Ctrl-C must not leave this half done.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        _end([*family, psutil.Process()])


def _end(family: list[psutil.Process]) -> None:
    """End these processes, save our own, and all that they have started since the family was seen."""
    found = set(family)
    for process in family:
        with suppress(psutil.NoSuchProcess):
            found.update(process.children(recursive=True))
    found.discard(psutil.Process())
    for process in found:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(found, timeout=GRACE_SECONDS)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=GRACE_SECONDS)


def _claim(host: str, port: int) -> None:
    """Refuse a port that is taken: Mage would silently listen on the next one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigurationError(
                f"Mage's server cannot listen: {error.strerror}",
                where=f"{host}:{port}",
                remedy="Choose another port with --port.",
            ) from error
