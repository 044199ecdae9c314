"""The topic: is the broker there, does the topic exist, make it when it does not."""

import logging
import time
from datetime import UTC, datetime
from typing import NamedTuple

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, ListOffsetsResultInfo, NewTopic, OffsetSpec

from contracts.errors import ConfigurationError, FatalError, UnreachableError
from contracts.settings import KafkaSettings

_silent = logging.getLogger("contracts.broker.silent")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False

_NO_LEADER_YET = (
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.OFFSET_NOT_AVAILABLE,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    # A broker that has just come back does not know yet that it leads again, or that another one did.
    KafkaError.FENCED_LEADER_EPOCH,
    KafkaError.UNKNOWN_LEADER_EPOCH,
)


class PartitionRange(NamedTuple):
    """What a partition holds now: offsets `[low, high)`."""

    topic: str
    partition: int
    low: int
    high: int


def connect_admin(kafka: KafkaSettings) -> AdminClient:
    """Return an admin client once a broker has answered.

    Raises UnreachableError, naming the address, within `kafka.timeout_seconds`; ConfigurationError when the broker
    refuses the credentials.
    """
    refused: list[KafkaError] = []
    config = {**kafka.client_config(), "error_cb": refused.append, "socket.connection.setup.timeout.ms": 5_000}
    try:
        admin = AdminClient(config, logger=_silent)
        admin.list_topics(timeout=kafka.timeout_seconds)
    except KafkaException as error:
        raise _named(error, refused, kafka) from error
    return admin


def silent_admin(kafka: KafkaSettings) -> AdminClient:
    """Return an admin client that has not connected yet and logs nothing."""
    return AdminClient(kafka.client_config(), logger=_silent)


def ensure_topic(kafka: KafkaSettings) -> bool:
    """Create the topic when it is missing; return whether it was created.

    Its records get the broker's time of arrival (`LogAppendTime`): the lake partitions by it, and a producer's
    wrong clock cannot move it. Raises UnreachableError, ConfigurationError, FatalError.
    """
    admin = connect_admin(kafka)
    topic = NewTopic(
        kafka.topic,
        num_partitions=kafka.partitions,
        replication_factor=kafka.replication_factor,
        config={
            "retention.ms": str(kafka.retention_hours * 3_600_000),
            "min.insync.replicas": str(kafka.minimum_insync_replicas),
            "message.timestamp.type": "LogAppendTime",
        },
    )
    try:
        admin.create_topics([topic], request_timeout=kafka.timeout_seconds)[kafka.topic].result()
    except KafkaException as error:
        if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        raise FatalError(
            f"The topic could not be created: {error.args[0].str()}", where=f"topic {kafka.topic}"
        ) from error
    return True


def partition_ranges(kafka: KafkaSettings) -> list[PartitionRange]:
    """Return what each partition of the topic holds now, in order of partition.

    Raises UnreachableError; FatalError when the topic does not exist.
    """
    admin = connect_admin(kafka)
    partitions = _partitions(admin, kafka)
    earliest, latest = OffsetSpec.earliest(), OffsetSpec.latest()  # type: ignore[no-untyped-call]
    low = _list_offsets(admin, partitions, earliest, kafka)
    high = _list_offsets(admin, partitions, latest, kafka)
    return [PartitionRange(kafka.topic, each.partition, low[each].offset, high[each].offset) for each in partitions]


def newest_arrival(kafka: KafkaSettings) -> datetime | None:
    """Return when the newest event came to the topic, by the broker's clock; None when there is none yet.

    Raises UnreachableError; FatalError when the topic does not exist.
    """
    admin = connect_admin(kafka)
    newest = OffsetSpec.max_timestamp()  # type: ignore[no-untyped-call]
    answers = _list_offsets(admin, _partitions(admin, kafka), newest, kafka).values()
    milliseconds = max(answer.timestamp for answer in answers)
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds >= 0 else None


def _list_offsets(
    admin: AdminClient, partitions: list[TopicPartition], spec: OffsetSpec, kafka: KafkaSettings
) -> dict[TopicPartition, ListOffsetsResultInfo]:
    """Ask for one offset of each partition, again while a new partition's leader does not lead it yet."""
    deadline = time.monotonic() + kafka.timeout_seconds
    while True:
        answers = admin.list_offsets(dict.fromkeys(partitions, spec), request_timeout=kafka.timeout_seconds)
        try:
            return {partition: answer.result() for partition, answer in answers.items()}
        except KafkaException as error:
            if error.args[0].code() not in _NO_LEADER_YET or time.monotonic() > deadline:
                raise _named(error, [], kafka) from error
        time.sleep(0.1)


def _partitions(admin: AdminClient, kafka: KafkaSettings) -> list[TopicPartition]:
    metadata = admin.list_topics(kafka.topic, timeout=kafka.timeout_seconds).topics[kafka.topic]
    if metadata.error is not None:
        raise FatalError(
            f"The topic cannot be read: {metadata.error.str()}",
            where=f"topic {kafka.topic} at {kafka.bootstrap_servers}",
            remedy="Create it with `python -m consumer migrate`.",
        )
    return [TopicPartition(kafka.topic, number) for number in sorted(metadata.partitions)]


def _named(error: KafkaException, refused: list[KafkaError], kafka: KafkaSettings) -> FatalError:
    where = f"Kafka at {kafka.bootstrap_servers}"
    if error.args[0].code() == KafkaError._INVALID_ARG:  # noqa: SLF001
        return ConfigurationError(
            "librdkafka refuses the connection's settings", where=where, remedy="Check the TRIPLINE_KAFKA_ settings."
        )
    if any(each.code() == KafkaError._AUTHENTICATION for each in refused):  # noqa: SLF001 - librdkafka's public name
        return ConfigurationError(
            "Kafka refused the credentials", where=where, remedy="Check TRIPLINE_KAFKA_SASL_USERNAME and _PASSWORD."
        )
    return UnreachableError(
        "Kafka did not answer",
        where=where,
        remedy="Is it running? `make up` starts one; TRIPLINE_KAFKA_BOOTSTRAP_SERVERS names another.",
    )
