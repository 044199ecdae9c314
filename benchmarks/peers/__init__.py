"""Other sinks that land a topic in Postgres: how each is had, with its version pinned, and how it is started."""

from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.contender import Contender
from benchmarks.peers import bento, debezium, quix

Installer = Callable[[str, Path, Callable[[str], object]], Contender]
"""Takes the peer's name and a cache folder, downloads once what is missing, and says so. Raises NotInstallableError."""

INSTALLERS: Mapping[str, Installer] = {
    f"Bento {bento.VERSION}": bento.install,
    f"Debezium JDBC sink {debezium.VERSION}, {debezium.TASKS} tasks": debezium.install,
    f"Quix Streams {quix.VERSION}": quix.install,
}
