"""Contender: Kafka's own `kafka-producer-perf-test`, with payloads of the same simulation and the same settings."""

import re
import subprocess
import sys
import tempfile
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

from benchmarks.measured import measure
from benchmarks.produce_with_tripline import simulated
from contracts.broker import ensure_topic
from contracts.errors import FatalError
from contracts.settings import KafkaSettings, StackSettings, load
from stack.cache import cache_folder
from stack.kafka import JAVA
from stack.kafka_jars import KAFKA_VERSION, resolve

PAYLOADS = 50_000


def produce(payloads: Path, events: int) -> dict[str, Any]:
    """Send so many events, drawn from the file's lines; the rate is the tool's own, which leaves out Java's start."""
    kafka = load(KafkaSettings).model_copy(update={"topic": f"benchmark-{uuid4()}"})
    ensure_topic(kafka)
    properties = [f"bootstrap.servers={kafka.bootstrap_servers}", "acks=all", "enable.idempotence=true"]
    properties += ["compression.type=lz4", "linger.ms=20", "batch.size=131072"]
    command = [str(JAVA), "-Xmx512m", "-cp", tool_classpath()]
    command += ["org.apache.kafka.tools.ProducerPerformance", "--topic", kafka.topic, "--num-records", str(events)]
    command += ["--payload-file", str(payloads), "--throughput", "-1", "--producer-props", *properties]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.findall(rf"^{events} records sent, ([\d.]+) records/sec", done.stdout, re.MULTILINE)
    if done.returncode or not found:
        raise FatalError("kafka-producer-perf-test failed", remedy=done.stderr[-2_000:])
    return {"topic": kafka.topic, "events": events, "events_per_second": float(found[-1])}


def tool_classpath() -> str:
    """Return the jars of Kafka's tools, which the broker does without, downloaded once."""
    repository = cache_folder(load(StackSettings)) / f"kafka-tools-{KAFKA_VERSION}"
    return ":".join(str(jar) for jar in resolve(repository, [f"org.apache.kafka:kafka-tools:{KAFKA_VERSION}"]))


if __name__ == "__main__":
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
        for _, message in islice(simulated(), PAYLOADS):
            if message.value and b"\n" not in message.value:
                file.write(message.value + b"\n")
        file.flush()
        measure(lambda: produce(Path(file.name), int(sys.argv[1])))
