"""The Kafka side: a consumer that never decides by itself where to read, its messages, and what its errors mean."""

import logging
from collections.abc import Sequence
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaError, Message

from consumer.batch import Record
from contracts.errors import ConfigurationError, FatalError, TriplineError
from contracts.settings import ConsumerSettings, KafkaSettings

# 2020-01-01 and 2100-01-01: a broker clock beyond them is broken, and would open partitions nobody asked for.
EARLIEST_ARRIVAL, LATEST_ARRIVAL = 1_577_836_800_000, 4_102_444_799_999
POLL_INTERVAL_MILLISECONDS = 300_000
FETCH_BYTES = 4_194_304
PARTITION_FETCH_BYTES = 524_288

_log = structlog.get_logger()
_silent = logging.getLogger("consumer.topic.silent")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False

_REFUSED = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError._AUTHENTICATION,  # noqa: SLF001 - librdkafka's public name
}


def open_consumer(kafka: KafkaSettings, settings: ConsumerSettings) -> Consumer:
    """Return a consumer of the group that has not subscribed yet."""
    config: dict[str, Any] = {
        **kafka.client_config(),
        **_membership(settings),
        "client.id": "tripline-consumer",
        "max.poll.interval.ms": POLL_INTERVAL_MILLISECONDS,
        # Postgres says where to read; an offset that is not there is an error and never a jump.
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",
        "enable.partition.eof": True,
        "check.crcs": True,
        # How soon partitions that were added are noticed.
        "topic.metadata.refresh.interval.ms": 10_000,
        # What librdkafka fetches ahead, for all partitions together. An answer on its way comes on top, unpacked: bytes
        # that compress tenfold take ten times the memory, hence small answers.
        "queued.max.messages.kbytes": settings.prefetch_bytes // 1024,
        "fetch.max.bytes": FETCH_BYTES,
        "fetch.message.max.bytes": PARTITION_FETCH_BYTES,
        # How soon it fetches on once that memory is full: it lasts a tenth of a second, the default rest a whole one.
        "fetch.queue.backoff.ms": 20,
        "error_cb": _log_error,
    }
    return Consumer(config, logger=_silent)


def _membership(settings: ConsumerSettings) -> dict[str, Any]:
    member: dict[str, Any] = {"group.id": settings.group, "group.protocol": settings.group_protocol}
    if settings.instance_id:
        member["group.instance.id"] = settings.instance_id
    if settings.group_protocol == "consumer":
        # The broker assigns and decides on time-outs.
        return member
    return member | {
        "partition.assignment.strategy": "cooperative-sticky",
        "session.timeout.ms": settings.session_seconds * 1000,
        # How soon a member hears of a rebalance.
        "heartbeat.interval.ms": 1_000,
    }


def records_of(messages: Sequence[Message]) -> list[Record]:
    """Return messages without an error as records; their time is the broker's, held within 2020 to 2099."""
    # A consumed message always has coordinates and gives bytes; its type allows for those being produced as well.
    consumed: Sequence[Any] = messages
    times = [message.timestamp()[1] for message in consumed]
    if times and not EARLIEST_ARRIVAL <= min(times) <= max(times) <= LATEST_ARRIVAL:
        times = [min(max(time, EARLIEST_ARRIVAL), LATEST_ARRIVAL) for time in times]
    return [
        Record(message.partition(), message.offset(), time, message.key(), message.value(), message.headers() or None)
        for message, time in zip(consumed, times, strict=True)
    ]


def judge(error: KafkaError, where: str) -> TriplineError | None:
    """Return what a person has to act upon, or None for what librdkafka gets over by itself."""
    if error.code() in _REFUSED:
        return ConfigurationError(
            f"Kafka refused access ({error.name()})",
            where=where,
            remedy="Check the credentials and the group's rights.",
        )
    if error.fatal() or error.code() in {KafkaError._FATAL, KafkaError.FENCED_INSTANCE_ID}:  # noqa: SLF001
        return FatalError(
            f"Kafka expelled this consumer for good ({error.name()})",
            where=where,
            remedy="Another one with the same TRIPLINE_CONSUMER_INSTANCE_ID does that: each needs its own.",
        )
    return None


def _log_error(error: KafkaError) -> None:
    _log.warning("kafka_reports", error=error.name())
