"""How the consumer runs: group protocols, restarts, probes, memory, outages, topics that lose their offsets."""

import re
import subprocess
import time
from collections.abc import Iterator
from secrets import token_hex
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import orjson
import psutil
import pytest
from confluent_kafka import TopicPartition

from contracts.broker import connect_admin, ensure_topic, partition_ranges
from contracts.errors import ExitCode
from contracts.reasons import DeadLetterReason
from contracts.settings import KafkaSettings, LakeSettings
from stack.ports import free_port
from tests.support import commands
from tests.support.landing_site import PATIENCE_SECONDS, LandingSite, finish, stop
from tests.support.ledger import Ledger
from tests.support.tcp_proxy import TcpProxy


@pytest.fixture
def site(kafka_settings: KafkaSettings, lake_settings: LakeSettings) -> Iterator[LandingSite]:
    with LandingSite(kafka_settings, lake_settings) as made:
        yield made


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
            return int(answer.status), answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError:
        return 0, ""


def metrics(port: int) -> dict[str, float]:
    lines = [line for line in get(port, "/metrics")[1].splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_both_group_protocols_share_partitions(site: LandingSite, protocol: str) -> None:
    site.ledger.send_events(2_000)
    site.drag()
    consumers = [site.start(batch_rows=50, group_protocol=protocol) for _ in range(2)]
    site.begun(*consumers)
    site.settle(*consumers)


@pytest.mark.parametrize(
    ("settings", "seconds"),
    [
        pytest.param({"instance_id": "one", "session_seconds": 300}, 10, id="static"),
        # A dynamic member is a stranger: the group waits until the session of the one that was killed has ended.
        pytest.param({"session_seconds": 6}, 10 + 6, id="dynamic"),
    ],
)
def test_a_consumer_that_was_killed_lands_again_without_a_hand(
    site: LandingSite, settings: dict[str, Any], seconds: float
) -> None:
    def start_and_land() -> tuple[subprocess.Popen[str], float]:
        site.ledger.send_events(1)
        started = time.monotonic()
        consumer = site.start(**settings)
        site.wait_until(site.is_accounted_for, consumer)
        return consumer, time.monotonic() - started

    consumer, usual = start_and_land()
    # A machine that is busy has its own seconds, and may have a bad moment.
    for _ in range(3):
        consumer.kill()
        consumer.wait()
        consumer, needed = start_and_land()
        if needed < max(seconds, 4 * usual):
            break
    else:
        pytest.fail(f"{needed:.1f} s, of {usual:.1f} s for a first start")
    finish(consumer)
    site.ledger.verify(site.lake)


def test_an_instance_id_that_two_use_expels_the_first(site: LandingSite) -> None:
    site.ledger.send_events(100)
    first = site.start(instance_id="one")
    site.wait_until(lambda: site.landed() == 100, first)
    second = site.start(instance_id="one")
    assert "TRIPLINE_CONSUMER_INSTANCE_ID" in stop(first, expect=ExitCode.FATAL)
    site.ledger.send_events(100)
    site.wait_until(lambda: site.landed() == 200, second)
    finish(second)


def test_probes_and_metrics_follow_the_data(
    site: LandingSite, lake_settings: LakeSettings, kafka_settings: KafkaSettings
) -> None:
    site.ledger.send_events(300)
    site.ledger.send(b"not JSON", reason=DeadLetterReason.NOT_JSON)
    with TcpProxy(lake_settings.host, lake_settings.port) as proxy:
        proxied = lake_settings.model_copy(update={"host": "127.0.0.1", "port": proxy.port, "sslmode": "disable"})
        port = free_port()
        consumer = site.start(lake=proxied, metrics_port=port)
        site.wait_until(lambda: get(port, "/ready")[0] == 200 and site.landed() == 300, consumer)
        site.wait_until(lambda: metrics(port)["tripline_consumer_received_total"] == 301, consumer)
        proxy.refuse()
        site.ledger.send_events(50)
        site.wait_until(lambda: get(port, "/ready")[0] == 503, consumer)
        assert get(port, "/live")[0] == 200
        site.wait_until(lambda: "are not read" in get(port, "/ready")[1], consumer)
        proxy.heal()
        site.wait_until(lambda: get(port, "/ready")[0] == 200 and site.landed() == 350, consumer)
        site.wait_until(lambda: metrics(port)["tripline_consumer_received_total"] >= 351, consumer)
        shown = metrics(port)
        lag = [value for name, value in shown.items() if re.match(r"tripline_consumer_broker_lag_messages\{", name)]
        assert len(lag) == kafka_settings.partitions
        # 350 in all; of those whose COMMIT was cut off unheard, each counts as a duplicate instead.
        landed = shown["tripline_consumer_landed_total"]
        assert shown['tripline_consumer_dead_lettered_total{reason="not_json"}'] == 1
        assert shown["tripline_consumer_retries_total"] >= 1
        assert (
            shown["tripline_consumer_received_total"] == 351 == landed + 1 + shown["tripline_consumer_duplicate_total"]
        )
        finish(consumer)


def test_what_landed_unheard_is_counted_as_duplicates(site: LandingSite, lake_settings: LakeSettings) -> None:
    site.ledger.send_events(400)
    site.drag()
    with TcpProxy(lake_settings.host, lake_settings.port) as proxy:
        proxied = lake_settings.model_copy(update={"host": "127.0.0.1", "port": proxy.port, "sslmode": "disable"})
        consumer = site.start(lake=proxied, batch_rows=40, writers=1)
        site.wait_until(lambda: site.landed() > 0, consumer)
        proxy.reset_after_answer(b"COMMIT")
        site.wait_until(lambda: proxy.resets == 1, consumer)
        site.release()
        site.wait_until(lambda: site.landed() == 400, consumer)
        figures = finish(consumer)
    assert figures["duplicates"] >= 40
    assert figures["received"] == figures["landed"] + figures["duplicates"]
    site.ledger.verify(site.lake)


def test_an_outage_that_lasts_too_long_ends_the_consumer(site: LandingSite, lake_settings: LakeSettings) -> None:
    site.ledger.send_events(100)
    with TcpProxy(lake_settings.host, lake_settings.port) as proxy:
        proxied = lake_settings.model_copy(update={"host": "127.0.0.1", "port": proxy.port, "sslmode": "disable"})
        consumer = site.start(lake=proxied, outage_seconds=1)
        site.wait_until(lambda: site.landed() == 100, consumer)
        proxy.refuse()
        site.ledger.send_events(100)
        assert f"127.0.0.1:{proxy.port}" in stop(consumer, expect=ExitCode.UNREACHABLE)
    site.run_to_end()
    site.ledger.verify(site.lake)


def text(characters: int) -> str:
    """Return what compresses to a third, and to a row that the lake holds as it is."""
    return token_hex(characters // 2)


# The largest that a broker takes by default (message.max.bytes, with what surrounds the message in its batch), and more
# small ones than fit in any buffer.
@pytest.mark.parametrize(("characters", "messages"), [(1_048_400, 100), (10_000, 6_000), (2, 120_000)])
def test_memory_is_bounded_whatever_the_size_of_the_messages(site: LandingSite, characters: int, messages: int) -> None:
    value = orjson.dumps({"text": text(characters)})
    site.ledger.send_many((value, None) for _ in range(messages))
    consumer = site.start("--until-end")
    process, peak = psutil.Process(consumer.pid), 0
    while consumer.poll() is None:
        if process.status() != psutil.STATUS_ZOMBIE:
            peak = max(peak, process.memory_info().rss)
        time.sleep(0.02)
    assert finish(consumer, with_signal=None)["landed"] == messages
    assert peak < 300 * 2**20, f"{peak / 2**20:.0f} MiB"


def test_a_topic_made_anew_is_noticed_though_it_has_grown_past_the_offsets(site: LandingSite) -> None:
    site.ledger.send_events(100)
    site.run_to_end()
    admin = connect_admin(site.kafka)
    admin.delete_topics([site.kafka.topic])[site.kafka.topic].result()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not ensure_topic(site.kafka):
        assert time.monotonic() < deadline, "the topic does not go"
        time.sleep(0.1)
    Ledger(site.kafka).send_events(200)
    done = commands.run(site.environment(), "consumer", "run", "--until-end", expect=ExitCode.LOST_OFFSETS)
    assert "made anew" in done.stderr
    assert site.landed() == 100


def test_what_retention_removed_is_skipped_when_a_person_says_so(site: LandingSite) -> None:
    site.ledger.send_events(60)
    site.run_to_end()
    position = site.scalar("SELECT next_offset FROM raw.consumer_offset WHERE kafka_partition = 0")
    for _ in range(5):
        site.ledger.send(b'{"lost": true}', partition=0)
    low = TopicPartition(site.kafka.topic, 0, position + 3)
    admin = connect_admin(site.kafka)
    admin.delete_records([low])[low].result()
    commands.run(site.environment(), "consumer", "run", "--until-end", expect=ExitCode.LOST_OFFSETS)
    expected = {"lost_messages": 3, "partitions": {"0": [position, position + 3]}}
    assert commands.run_json(site.environment(), "consumer", "skip-lost") == expected | {"skipped": False}
    assert site.scalar("SELECT next_offset FROM raw.consumer_offset WHERE kafka_partition = 0") == position
    assert commands.run_json(site.environment(), "consumer", "skip-lost", "--yes") == expected | {"skipped": True}
    for offset in range(position, position + 3):
        del site.ledger.sent[0, offset]
    assert site.run_to_end()["landed"] == 2
    assert {each.partition: each.high for each in partition_ranges(site.kafka)}[0] == position + 5
