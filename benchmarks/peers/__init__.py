"""Other sinks that land a topic in Postgres: how each is had, with its version pinned, and how it is started."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from benchmarks.peers import bento, debezium, quix
from benchmarks.sink import Sink

Installer = Callable[[str, Path, Callable[[str], object]], Sink]
"""Takes the peer's name and a cache folder, downloads once what is missing, and says so. Raises NotInstallableError."""

INSTALLERS: Mapping[str, Installer] = {
    f"Bento {bento.VERSION}": partial(bento.install, document=bento.PARSED),
    "Bento, documents as text": partial(bento.install, document=bento.AS_TEXT),
    f"Debezium JDBC sink {debezium.VERSION}": partial(debezium.install, batch=debezium.DEFAULT_BATCH),
    f"Debezium JDBC sink, batches of {debezium.LARGE_BATCH:,}": partial(debezium.install, batch=debezium.LARGE_BATCH),
    f"Quix Streams {quix.VERSION}": quix.install,
}
