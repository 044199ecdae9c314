"""The health checks of the containers, on the real parts: healthy means that data move."""

import pytest
from confluent_kafka import Producer

from contracts.errors import ExitCode
from contracts.settings import KafkaSettings
from tests.support.commands import run, run_json


def produce(kafka: KafkaSettings, messages: int) -> None:
    producer = Producer(kafka.client_config())
    for number in range(messages):
        producer.produce(kafka.topic, f'{{"number": {number}}}')
    assert producer.flush(30) == 0


def test_the_producer_is_healthy_once_an_event_has_arrived(
    environment: dict[str, str], kafka_settings: KafkaSettings
) -> None:
    run(environment, "consumer", "migrate")
    silent = run(environment, "producer", "health", expect=ExitCode.TRANSIENT)
    assert kafka_settings.topic in silent.stderr
    produce(kafka_settings, 1)
    run(environment, "producer", "health")


def test_the_consumer_is_ill_while_messages_wait_and_well_when_they_have_landed(
    environment: dict[str, str], kafka_settings: KafkaSettings
) -> None:
    run(environment, "consumer", "migrate")
    assert run_json(environment, "consumer", "health")["waiting"] == 0
    produce(kafka_settings, 10)
    waiting = run(environment, "consumer", "health", "--within", "1", expect=ExitCode.TRANSIENT)
    assert f"topic {kafka_settings.topic}, partition" in waiting.stderr
    run(environment, "consumer", "run", "--until-end")
    assert run_json(environment, "consumer", "health", "--within", "1")["waiting"] == 0


@pytest.mark.parametrize("package", ["producer", "consumer"])
def test_health_checks_name_what_does_not_answer(environment: dict[str, str], package: str) -> None:
    nowhere = {"TRIPLINE_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "TRIPLINE_KAFKA_TIMEOUT_SECONDS": "3"}
    failed = run(environment | nowhere, package, "health", expect=ExitCode.UNREACHABLE)
    assert "127.0.0.1:1" in failed.stderr
