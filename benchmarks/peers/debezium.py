"""Debezium's JDBC sink on Kafka Connect, standalone, from Maven Central."""

import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from string import Template

from psycopg import sql

from benchmarks.sink import NotInstallableError, Place, Program, Sink, Table
from stack.cache import once
from stack.kafka import JAVA
from stack.kafka_jars import KAFKA_VERSION, resolve
from stack.ports import LOOPBACK, free_port

VERSION = "3.3.1.Final"
TASKS = 3
"""On two cores none of 1, 2 and 6 was faster by more than chance."""
DEFAULT_BATCH, LARGE_BATCH = 500, 5_000
"""Rows of an INSERT, and messages that its consumer hands it at once."""
CONNECT = (
    f"org.apache.kafka:connect-runtime:{KAFKA_VERSION}",
    f"org.apache.kafka:connect-transforms:{KAFKA_VERSION}",
    "org.slf4j:slf4j-simple:1.7.36",
)
FILES = Path(__file__).parent
TABLE = Table(sql.Identifier("trip_event"), sql.Identifier("__connect_partition"), sql.Identifier("__connect_offset"))


def install(name: str, cache: Path, say: Callable[[str], object], *, batch: int) -> Sink:
    """Return Debezium as a sink that writes a table with its own names, and the payload as jsonb."""

    def fetch(unfinished: Path) -> None:
        say(f"Fetching Kafka Connect {KAFKA_VERSION} and Debezium's JDBC sink {VERSION}, once on this machine …")
        (unfinished / "connect").mkdir()
        for jar in resolve(unfinished / "repository", CONNECT):
            shutil.copyfile(jar, unfinished / "connect" / jar.name)
        with tarfile.open(_plugin(unfinished / "repository")) as archive:
            archive.extractall(unfinished / "plugins", filter="data")
        shutil.rmtree(unfinished / "repository")

    folder = once(cache / f"connect-{KAFKA_VERSION}-debezium-{VERSION}", fetch)
    return Sink(
        name,
        lambda place: [_program(folder, place, batch)],
        table=TABLE,
        create_table="postgres/benchmarks/debezium_table",
    )


def _plugin(repository: Path) -> Path:
    """Return Debezium's own archive of the connector with all that it needs, downloaded."""
    from jgo.constants import MAVEN_CENTRAL_URL  # noqa: PLC0415 - needed once on a machine
    from jgo.maven import MavenContext  # noqa: PLC0415

    context = MavenContext(repo_cache=repository, remote_repos={"central": MAVEN_CENTRAL_URL})
    component = context.project("io.debezium", "debezium-connector-jdbc").at_version(VERSION)
    try:
        return Path(component.artifact("plugin", "tar.gz").resolve())
    except Exception as error:  # jgo raises whatever its HTTP client raised.
        raise NotInstallableError(f"Maven Central did not give it ({type(error).__name__})") from error


def _program(folder: Path, place: Place, batch: int) -> Program:
    lake = place.lake
    values = {
        "broker": place.kafka.bootstrap_servers,
        "topic": place.kafka.topic,
        "group": place.group,
        "plugins": folder / "plugins",
        "offsets": place.folder / "offsets",
        "listener": f"http://{LOOPBACK}:{free_port()}",
        "database": f"jdbc:postgresql://{lake.host}:{lake.port}/{lake.database}",
        "user": lake.user,
        "password": lake.password.get_secret_value(),
        "tasks": TASKS,
        "batch": batch,
    }
    files = []
    for name in ("connect.properties", "debezium.properties"):
        file = place.folder / name
        file.write_text(Template((FILES / name).read_text(encoding="utf-8")).substitute(values), encoding="utf-8")
        files.append(str(file))
    java = [str(JAVA), "-Xms512m", "-Xmx1g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
    classpath = ["-cp", f"{folder / 'connect'}/*", "org.apache.kafka.connect.cli.ConnectStandalone"]
    return Program([*java, *classpath, *files], place.libpq_environment())
