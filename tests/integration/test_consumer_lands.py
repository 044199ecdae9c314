"""What is in the topic stands in the lake or among the dead letters, exactly once, as it was sent."""

import json
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition

from contracts.broker import connect_admin, partition_ranges
from contracts.errors import ExitCode
from contracts.reasons import DeadLetterReason
from contracts.schema import EXAMPLES
from contracts.settings import KafkaSettings, LakeSettings
from stack.ports import free_port
from tests.support import commands
from tests.support.landing_site import LandingSite, finish


@pytest.fixture
def site(kafka_settings: KafkaSettings, lake_settings: LakeSettings) -> Iterator[LandingSite]:
    with LandingSite(kafka_settings, lake_settings) as made:
        yield made


def refused(site: LandingSite, value: bytes | None, reason: DeadLetterReason, **more: Any) -> None:
    site.ledger.send(value, reason=reason, **more)


def test_everything_lands_exactly_once_and_a_second_run_changes_nothing(site: LandingSite) -> None:
    site.ledger.send_events(3_000)
    figures = site.run_to_end(batch_rows=400)
    assert (figures["landed"], figures["dead_lettered"], figures["retries"]) == (3_000, 0, 0)
    assert sum(end - start for start, end in figures["partitions"].values()) == 3_000
    site.ledger.verify(site.lake)
    assert site.run_to_end()["landed"] == 0
    site.verify()


def test_lag_tools_see_in_kafka_what_the_lake_has(site: LandingSite) -> None:
    site.ledger.send_events(500)
    site.run_to_end()
    admin, group = connect_admin(site.kafka), site.kafka.topic
    (answer,) = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)]).values()
    committed = {each.partition: each.offset for each in answer.result().topic_partitions}
    assert committed == {each.partition: each.high for each in partition_ranges(site.kafka) if each.high}


def test_offsets_committed_to_kafka_are_never_read_back(site: LandingSite) -> None:
    site.ledger.send_events(500)
    admin, group = connect_admin(site.kafka), site.kafka.topic
    ends = [TopicPartition(site.kafka.topic, each.partition, each.high) for each in partition_ranges(site.kafka)]
    (answer,) = admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, ends)]).values()
    assert all(each.error is None for each in answer.result().topic_partitions)
    assert site.run_to_end()["landed"] == 500
    site.verify()


def test_only_the_poison_becomes_dead_letters_with_its_bytes_and_headers(site: LandingSite) -> None:
    headers = [("trace", b"\x00\xff"), ("trace", b"again"), ("empty", b""), ("none", None), ("fähre", "ü".encode())]
    site.ledger.send_events(200)
    for path in sorted((EXAMPLES / "invalid").glob("*/*.bin")):
        refused(site, path.read_bytes(), DeadLetterReason(path.parent.name), headers=headers)
    refused(site, None, DeadLetterReason.EMPTY, key=None)
    refused(site, b"{}", DeadLetterReason.NOT_UTF8, key=b"\xff")
    refused(site, b"{}", DeadLetterReason.NUL_CHARACTER, key=b"a\x00b")
    refused(site, b'{"raw": "\x00"}', DeadLetterReason.NUL_CHARACTER)
    refused(site, b"[" * 20_000 + b"]" * 20_000, DeadLetterReason.TOO_DEEP)
    refused(site, b'{"n": 1e131071}', DeadLetterReason.NUMBER_OUT_OF_RANGE)
    refused(site, b'"' + b"x" * 60_000 + b'"', DeadLetterReason.TOO_LARGE)
    site.ledger.send_events(200)
    figures = site.run_to_end(maximum_message_bytes=50_000)
    assert (figures["landed"], figures["dead_lettered"]) == (400, site.ledger.count(dead=True))
    assert sum(figures["dead_letter_reasons"].values()) == figures["dead_lettered"]
    site.verify()


def test_what_only_breaks_the_contract_lands(site: LandingSite) -> None:
    for path in sorted((EXAMPLES / "invalid").glob("*/*.json")) + sorted((EXAMPLES / "valid").iterdir()):
        site.ledger.send(path.read_bytes())
    for value in (b"null", b"17", b'"text"', b"[]", b'{"tip": 0.0, "rate": 1e-05}', '{"ünïcode": "日本 🚕"}'.encode()):
        site.ledger.send(value, key=None)
    site.ledger.send(b"{}", key=b"", headers=[(f"header {number}", b"x") for number in range(1_000)])
    assert site.run_to_end()["dead_lettered"] == 0
    site.verify()


def test_the_budget_of_dead_letters_stops_the_consumer_where_it_stands(site: LandingSite) -> None:
    site.ledger.send_events(50)
    for _ in range(4):
        refused(site, b"not json", DeadLetterReason.NOT_JSON)
    environment = site.environment(dead_letter_budget=3)
    done = commands.run(environment, "consumer", "run", "--until-end", expect=ExitCode.BUDGET_EXCEEDED)
    assert "More than 3 dead letters" in done.stderr
    assert "Traceback" not in done.stderr
    assert site.dead() == 0
    assert site.run_to_end(dead_letter_budget=4)["dead_lettered"] == 4
    site.verify()


def test_a_dead_letter_that_cannot_be_stored_stops_the_consumer(site: LandingSite) -> None:
    refused(site, b"not json", DeadLetterReason.NOT_JSON)
    site.execute("ALTER TABLE raw.dead_letter RENAME TO elsewhere")
    done = commands.run(site.environment(), "consumer", "run", "--until-end", expect=ExitCode.FATAL)
    assert "SQLSTATE 42P01" in done.stderr
    assert site.scalar("SELECT sum(next_offset) FROM raw.consumer_offset") == 0
    site.execute("ALTER TABLE raw.elsewhere RENAME TO dead_letter")
    site.run_to_end()
    site.verify()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lands_what_is_held_and_exits_0(site: LandingSite, number: signal.Signals) -> None:
    site.ledger.send_events(1_050)
    consumer = site.start(batch_rows=1_000, batch_seconds=60, writers=1)
    site.wait_until(lambda: site.landed() > 0, consumer)
    time.sleep(1)
    assert 1_000 <= site.landed() < 1_050, "the second batch was to be held for a minute"
    assert finish(consumer, with_signal=number)["landed"] == 1_050
    site.verify()


def test_an_offset_that_retention_removed_is_named_and_never_jumped_over(site: LandingSite) -> None:
    kafka = site.kafka
    site.ledger.send_events(60)
    site.run_to_end()
    before = site.landed()
    site.ledger.send_events(60)
    high = max(offset for partition, offset in site.ledger.sent if partition == 0) + 1
    position = site.scalar("SELECT next_offset FROM raw.consumer_offset WHERE kafka_partition = 0")
    assert position < high, "partition 0 got nothing to lose"
    admin, beginning = connect_admin(kafka), TopicPartition(kafka.topic, 0, high)
    assert admin.delete_records([beginning])[beginning].result().low_watermark == high
    done = commands.run(site.environment(), "consumer", "run", "--until-end", expect=ExitCode.LOST_OFFSETS)
    assert f"Kafka does not have offset {position}" in done.stderr
    assert f"[{high}, {high})" in done.stderr
    assert f"topic {kafka.topic}, partition 0" in done.stderr
    assert site.scalar("SELECT next_offset FROM raw.consumer_offset WHERE kafka_partition = 0") == position
    assert before <= site.landed() < 120


def test_a_partition_that_lost_its_beginning_before_the_first_run_begins_at_its_first_offset(site: LandingSite) -> None:
    site.ledger.send_events(60)
    admin, beginning = connect_admin(site.kafka), TopicPartition(site.kafka.topic, 0, 3)
    assert admin.delete_records([beginning])[beginning].result().low_watermark == 3
    for offset in range(3):
        del site.ledger.sent[0, offset]
    site.run_to_end()
    site.verify()


def test_an_empty_topic_is_at_its_end(site: LandingSite) -> None:
    assert site.run_to_end()["landed"] == 0


@pytest.mark.parametrize("missing", ["kafka", "lake", "topic", "schema"])
def test_what_is_missing_at_the_start_is_named_in_time(site: LandingSite, missing: str) -> None:
    port = free_port()
    kafka = site.kafka.model_copy(update={"timeout_seconds": 3.0})
    assert KafkaSettings().timeout_seconds <= 10, "what is left of the 15 seconds is for the start"
    environment = site.environment(kafka=kafka)
    changed, code, text = {
        "kafka": ({"KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{port}"}, ExitCode.UNREACHABLE, f"Kafka at 127.0.0.1:{port}"),
        "lake": ({"LAKE_PORT": str(port)}, ExitCode.UNREACHABLE, f"Postgres at 127.0.0.1:{port}"),
        "topic": ({"KAFKA_TOPIC": "nobody.made.it"}, ExitCode.FATAL, "topic nobody.made.it"),
        "schema": ({"LAKE_DATABASE": "postgres"}, ExitCode.FATAL, "python -m consumer migrate"),
    }[missing]
    environment |= {f"TRIPLINE_{name}": value for name, value in changed.items()}
    began = time.monotonic()
    done = commands.run(environment, "consumer", "run", "--until-end", expect=code)
    assert time.monotonic() - began < 15
    assert text in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_wrong_password_is_named_and_not_shown(site: LandingSite) -> None:
    wrong = site.environment() | {"TRIPLINE_LAKE_PASSWORD": "canary-sesame"}
    done = commands.run(wrong, "consumer", "migrate", "--verbose", expect=ExitCode.CONFIGURATION)
    assert "refused the role, password or database" in done.stderr
    assert "canary-sesame" not in done.stderr + done.stdout


def test_migrate_says_what_it_did(kafka_settings: KafkaSettings, lake_settings: LakeSettings) -> None:
    environment = LandingSite(kafka_settings, lake_settings).environment()
    first = commands.run_json(environment, "consumer", "migrate")
    assert first["topic_created"]
    assert first["migrations_applied"][0] == "0001_lake"
    second = commands.run_json(environment, "consumer", "migrate")
    assert (second["topic_created"], second["migrations_applied"]) == (False, [])


def test_logs_and_errors_carry_no_payload(site: LandingSite) -> None:
    site.ledger.send(b'{"canary-payload": 1', reason=DeadLetterReason.NOT_JSON)
    site.ledger.send(b'{"canary-payload": 1}')
    done = commands.run(site.environment(), "consumer", "run", "--until-end", "--json", "--verbose")
    assert json.loads(done.stdout)["dead_lettered"] == 1
    assert "canary-payload" not in done.stdout + done.stderr
