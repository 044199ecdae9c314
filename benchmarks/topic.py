"""The topic that every sink lands: read from its beginning to where it ends now."""

from collections.abc import Container, Iterator
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, TopicPartition

from consumer.batch import Record
from consumer.copy_format import pack_portions
from contracts.broker import partition_ranges
from contracts.settings import KafkaSettings

FETCH = 1_000


def read(kafka: KafkaSettings, partitions: Container[int] = range(1_000)) -> Iterator[Record]:
    """Yield the messages of these partitions. Raises KafkaException."""
    ranges = [each for each in partition_ranges(kafka) if each.partition in partitions]
    consumer = Consumer({**kafka.client_config(), "group.id": "benchmark", "enable.auto.commit": False})
    try:
        consumer.assign([TopicPartition(each.topic, each.partition, each.low) for each in ranges])
        left = sum(each.high - each.low for each in ranges)
        while left > 0:
            for message in consumer.consume(FETCH, 1.0):
                error = message.error()
                if error is not None:
                    raise KafkaException(error)
                left -= 1
                key, time = message.key(), message.timestamp()[1]
                yield Record(message.partition() or 0, message.offset() or 0, time, key, message.value(), None)
    finally:
        consumer.close()


def write_copy_file(kafka: KafkaSettings, partitions: Container[int], file: Path) -> None:
    """Write the rows of these partitions as Tripline would send them, in PostgreSQL's binary COPY format."""
    with file.open("wb") as out:
        for portion in pack_portions(kafka.topic, read(kafka, partitions)):
            out.write(portion)
