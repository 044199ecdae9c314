"""The oracle of delivery tests: what was put into the topic, and whether exactly that stands in the lake.

Ids alone would not do: a row that lands with another row's payload, or in other coordinates, is wrong too.
"""

import json
from base64 import b64decode
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID, uuid5

import orjson
from confluent_kafka import KafkaError, Message, Producer

from contracts.broker import partition_ranges
from contracts.lake import connect
from contracts.reasons import DeadLetterReason
from contracts.schema import EXAMPLES
from contracts.settings import KafkaSettings, LakeSettings
from tests.support.topic import messages_on

Headers = list[tuple[str, str | bytes | None]]
Coordinates = tuple[int, int]

# What a broker takes by default (message.max.bytes); a producer of librdkafka would send less by default.
_MESSAGE_BYTES = 1_048_588
_NAMESPACE = UUID("6f1f3c5e-5b1a-4c53-9a3c-0e6f3f3f7d11")
_EVENT: dict[str, Any] = json.loads((EXAMPLES / "valid" / "trip_end.json").read_bytes())


class Sent(NamedTuple):
    """One acknowledged message; `reason` is None when it must land."""

    key: bytes | None
    value: bytes | None
    headers: Headers
    reason: DeadLetterReason | None


class Verdict(NamedTuple):
    """What a comparison found, in messages; of a sound lake all but the first two are 0."""

    landed: int
    dead_lettered: int
    lost: int
    doubled: int
    unissued: int
    changed: int
    """Other bytes, another key, headers or reason than was sent, or dead instead of landed."""
    behind: int
    """Partitions whose offset in the lake is not their end in Kafka."""
    left_open: int
    """Transactions in which nobody does anything."""

    @property
    def is_clean(self) -> bool:
        """Whether all is as it was sent."""
        return not any(self[2:])


@dataclass
class Ledger:
    """Every message that the broker acknowledged, by partition and offset."""

    kafka: KafkaSettings
    sent: dict[Coordinates, Sent] = field(default_factory=dict)
    _events: int = 0

    def __post_init__(self) -> None:
        config = {"enable.idempotence": True, "linger.ms": 5, "message.max.bytes": _MESSAGE_BYTES}
        self._producer = Producer(self.kafka.client_config() | config)

    def send_events(self, count: int) -> None:
        """Put so many valid events of different trips into the topic, and wait for their acknowledgements."""
        for _ in range(count):
            self._events += 1
            trip = str(uuid5(_NAMESPACE, f"trip {self._events // 5}"))
            event = _EVENT | {"event_id": str(uuid5(_NAMESPACE, f"event {self._events}")), "trip_id": trip}
            self._produce(Sent(trip.encode(), orjson.dumps(event), [], None))
        assert self._producer.flush(60) == 0

    def send(
        self,
        value: bytes | None,
        *,
        key: bytes | None = b"key",
        headers: Headers | None = None,
        reason: DeadLetterReason | None = None,
        partition: int = -1,
    ) -> None:
        """Put one message of any kind into the topic; `reason` is what it must become a dead letter for."""
        self._produce(Sent(key, value, headers or [], reason), partition)
        assert self._producer.flush(60) == 0

    def send_many(self, messages: Iterable[tuple[bytes, DeadLetterReason | None]]) -> None:
        """Put values into the topic, each with what it must become a dead letter for, and wait once for all."""
        for value, reason in messages:
            self._produce(Sent(b"key", value, [], reason))
        assert self._producer.flush(60) == 0

    def adopt(self) -> None:
        """Take over what else stands on the topic now, sent by somebody else, as having to land."""
        for each in messages_on(self.kafka):
            self.sent.setdefault((each.partition, each.offset), Sent(each.key.encode(), each.value, [], None))

    def count(self, *, dead: bool) -> int:
        """Return how many messages must land, or must become dead letters."""
        return sum((each.reason is not None) == dead for each in self.sent.values())

    def verify(self, lake: LakeSettings) -> None:
        """Hold the lake against the ledger: nothing lost, doubled, unissued, changed or left behind."""
        verdict = self.judge(lake)
        assert verdict.is_clean, verdict
        assert verdict.landed + verdict.dead_lettered == len(self.sent)

    def judge(self, lake: LakeSettings) -> "Verdict":
        """Compare the lake with the ledger, message by message; the lake is to be at rest."""
        landed, dead, offsets, idle = self._read(lake)
        found = Counter(row[:2] for row in [*landed, *dead])
        changed = sum(not self._is_as_sent(*row) for row in landed if row[:2] in self.sent)
        changed += sum(not self._is_dead_as_sent(*row) for row in dead if row[:2] in self.sent)
        ends = {each.partition: each.high for each in partition_ranges(self.kafka)}
        return Verdict(
            landed=len(landed),
            dead_lettered=len(dead),
            lost=len(self.sent.keys() - found.keys()),
            doubled=found.total() - len(found),
            unissued=len(found.keys() - self.sent.keys()),
            changed=changed,
            behind=sum(offsets.get(partition) != end for partition, end in ends.items()),
            left_open=idle,
        )

    def _is_as_sent(self, partition: int, offset: int, key: str | None, payload: Any) -> bool:
        sent = self.sent[partition, offset]
        if sent.reason is not None or sent.value is None:
            return False
        return (key, payload) == (sent.key.decode() if sent.key is not None else None, json.loads(sent.value))

    def _is_dead_as_sent(  # noqa: PLR0913, PLR0917 - the columns of a dead letter
        self, partition: int, offset: int, key: bytes | None, value: bytes | None, headers: Any, reason: str
    ) -> bool:
        restored: Headers = [
            (each["name"], None if each["value"] is None else b64decode(each["value"])) for each in headers
        ]
        return Sent(key, value, restored, DeadLetterReason(reason)) == self.sent[partition, offset]

    def _read(self, lake: LakeSettings) -> tuple[list[Any], list[Any], dict[int, int], int]:
        topic = (self.kafka.topic,)
        with connect(lake, application="ledger", autocommit=True) as connection:
            landed = connection.execute(
                "SELECT kafka_partition, kafka_offset, message_key, payload FROM raw.trip_event WHERE topic = %s", topic
            ).fetchall()
            dead = connection.execute(
                "SELECT kafka_partition, kafka_offset, message_key, message_value, headers, reason "
                "FROM raw.dead_letter WHERE topic = %s",
                topic,
            ).fetchall()
            offsets: dict[int, int] = dict(
                connection.execute(
                    "SELECT kafka_partition, next_offset FROM raw.consumer_offset WHERE topic = %s", topic
                ).fetchall()
            )
            ((idle,),) = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
            ).fetchall()
        return landed, dead, offsets, idle

    def _produce(self, message: Sent, partition: int = -1) -> None:
        def acknowledge(error: KafkaError | None, delivered: Message) -> None:
            assert error is None
            self.sent[delivered.partition() or 0, delivered.offset() or 0] = message

        while True:
            try:
                self._producer.produce(
                    self.kafka.topic,
                    message.value,
                    message.key,
                    partition=partition,
                    headers=list(message.headers),
                    on_delivery=acknowledge,
                )
            except BufferError:
                self._producer.poll(0.1)
            else:
                self._producer.poll(0)
                return
