"""What Kafka's errors mean to the consumer, and what its configuration never allows."""

from typing import Any

import pytest
from confluent_kafka import KafkaError

import consumer.topic
from consumer.topic import EARLIEST_ARRIVAL, LATEST_ARRIVAL, judge, open_consumer, records_of
from contracts.errors import ConfigurationError, FatalError
from contracts.settings import ConsumerSettings, KafkaSettings


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (KafkaError._AUTHENTICATION, ConfigurationError),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, ConfigurationError),
        (KafkaError.GROUP_AUTHORIZATION_FAILED, ConfigurationError),
        (KafkaError._FATAL, FatalError),
        (KafkaError.FENCED_INSTANCE_ID, FatalError),
        (KafkaError._TRANSPORT, None),
        (KafkaError._ALL_BROKERS_DOWN, None),
        (KafkaError._MAX_POLL_EXCEEDED, None),
        (KafkaError.REQUEST_TIMED_OUT, None),
        (KafkaError.COORDINATOR_LOAD_IN_PROGRESS, None),
    ],
)
def test_only_what_a_person_must_act_upon_stops_the_consumer(code: int, kind: type[FatalError] | None) -> None:
    judged = judge(KafkaError(code), "topic trips")
    assert (type(judged) if judged else None) is kind
    assert judged is None or judged.where == "topic trips"


def test_kafka_never_decides_where_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}
    monkeypatch.setattr(consumer.topic, "Consumer", lambda config, logger: seen.update(config))
    open_consumer(KafkaSettings(), ConsumerSettings())
    assert seen["enable.auto.commit"] is False
    assert seen["enable.auto.offset.store"] is False
    assert seen["auto.offset.reset"] == "error"
    assert seen["max.poll.interval.ms"] >= 3 * 1000 * ConsumerSettings(landing_seconds=100).landing_seconds


class Message:
    """What librdkafka hands out, with a time of our choice."""

    def __init__(self, milliseconds: int, headers: Any = None) -> None:
        self._milliseconds, self._headers = milliseconds, headers

    def timestamp(self) -> tuple[int, int]:
        return 2, self._milliseconds

    def headers(self) -> Any:
        return self._headers

    def __getattr__(self, name: str) -> Any:
        return {"partition": lambda: 3, "offset": lambda: 7, "key": lambda: None, "value": lambda: b"{}"}[name]


@pytest.mark.parametrize(
    ("milliseconds", "arrived_at"),
    [
        (1_700_000_000_000, 1_700_000_000_000),
        (-1, EARLIEST_ARRIVAL),
        (0, EARLIEST_ARRIVAL),
        (2**62, LATEST_ARRIVAL),
    ],
)
def test_arrival_is_held_within_the_days_that_the_lake_has(milliseconds: int, arrived_at: int) -> None:
    others = Message(EARLIEST_ARRIVAL), Message(LATEST_ARRIVAL)
    first, record, last = records_of([others[0], Message(milliseconds), others[1]])  # type: ignore[list-item]
    assert (record.partition, record.offset, record.arrived_at) == (3, 7, arrived_at)
    assert (first.arrived_at, last.arrived_at) == (EARLIEST_ARRIVAL, LATEST_ARRIVAL)
