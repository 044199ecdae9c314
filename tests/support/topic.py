"""What stands on a topic, read by a client of its own."""

from typing import NamedTuple

from confluent_kafka import Consumer, TopicPartition

from contracts.broker import partition_ranges
from contracts.settings import KafkaSettings


class OnTopic(NamedTuple):
    """One message, with its key and bytes."""

    partition: int
    offset: int
    key: str
    value: bytes


def messages_on(kafka: KafkaSettings) -> list[OnTopic]:
    """Return every message, partition by partition in order of offset, up to where the topic ends now."""
    ranges = partition_ranges(kafka)
    expected = sum(each.high - each.low for each in ranges)
    consumer = Consumer({**kafka.client_config(), "group.id": "test", "enable.auto.commit": False})
    found: list[OnTopic] = []
    try:
        consumer.assign([TopicPartition(each.topic, each.partition, each.low) for each in ranges])
        while len(found) < expected:
            batch = consumer.consume(min(expected - len(found), 10_000), timeout=120)
            assert batch, f"{len(found)} of {expected} messages came"
            for message in batch:
                assert message.error() is None, message.error()
                key = (message.key() or b"").decode()
                found.append(OnTopic(message.partition() or 0, message.offset() or 0, key, message.value() or b""))
    finally:
        consumer.close()
    ends = {each.partition: each.high for each in ranges}
    return sorted(each for each in found if each.offset < ends[each.partition])
