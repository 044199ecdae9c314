"""Quix Streams with its PostgreSQL sink, in an environment of its own."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from psycopg import sql

from benchmarks.peers.installing import run
from benchmarks.sink import ROOT, NotInstallableError, Place, Program, Sink, Table
from stack.cache import once

VERSION = "3.28.1"
SCRIPT = Path(__file__).with_name("quix_sink.py")
TABLE = Table(sql.Identifier("trip_event"), sql.Identifier("kafka_partition"), sql.Identifier("kafka_offset"))


def install(name: str, cache: Path, say: Callable[[str], object]) -> Sink:
    """Return Quix Streams as a sink that makes its own table."""
    folder = cache / f"quix-{VERSION}"
    uv = shutil.which("uv") or shutil.which(ROOT / ".uv" / "bin" / "uv")
    if uv is None and not folder.is_dir():
        raise NotInstallableError("uv, which would install it, was not found")

    def build(unfinished: Path) -> None:
        say(f"Installing Quix Streams {VERSION}, once on this machine …")
        run([str(uv), "venv", "--quiet", "--python", sys.executable, "environment"], unfinished)
        packages = f"quixstreams[postgresql]=={VERSION}"
        run([str(uv), "pip", "install", "--quiet", "--python", "environment/bin/python", packages], unfinished)

    python = once(folder, build) / "environment" / "bin" / "python"
    return Sink(name, lambda place: [_program(python, place)], part=10, table=TABLE)


def _program(python: Path, place: Place) -> Program:
    kafka = place.kafka
    arguments = [kafka.bootstrap_servers, kafka.topic, place.group]
    return Program([str(python), str(SCRIPT), *arguments], place.libpq_environment())
