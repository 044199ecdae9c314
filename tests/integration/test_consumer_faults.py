"""Kills, cuts and rebalances in the middle of landing: nothing is lost, doubled or changed. Each proves its fault."""

import signal
import subprocess
from collections.abc import Iterator

import pytest
from confluent_kafka.admin import NewPartitions

from contracts.broker import connect_admin, partition_ranges
from contracts.errors import ExitCode
from contracts.settings import KafkaSettings, LakeSettings
from tests.conftest import FreshServices
from tests.support.landing_site import LandingSite, finish, stop
from tests.support.ledger import Ledger
from tests.support.tcp_proxy import TcpProxy

EVENTS = 8_000
SLOWLY = {"batch_rows": 100}
TERMINATE = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE datname = current_database() AND application_name = 'tripline-consumer'"
)


@pytest.fixture
def site(kafka_settings: KafkaSettings, lake_settings: LakeSettings) -> Iterator[LandingSite]:
    with LandingSite(kafka_settings, lake_settings) as made:
        yield made


@pytest.fixture
def proxy(lake_settings: LakeSettings) -> Iterator[TcpProxy]:
    with TcpProxy(lake_settings.host, lake_settings.port) as made:
        yield made


@pytest.fixture
def proxied(lake_settings: LakeSettings, proxy: TcpProxy) -> LakeSettings:
    return lake_settings.model_copy(update={"host": "127.0.0.1", "port": proxy.port, "sslmode": "disable"})


def begun(site: LandingSite, *consumers: subprocess.Popen[str], rows: int = 1) -> int:
    """Wait until so many rows have landed, and prove that they are not all."""
    site.wait_until(lambda: site.landed() >= rows, *consumers)
    landed = site.landed()
    assert landed < len(site.ledger.sent), "everything had landed before the fault"
    return landed


def everything_accounted(site: LandingSite) -> bool:
    return site.landed() + site.dead() >= len(site.ledger.sent)


def test_kill_9_in_the_middle(site: LandingSite) -> None:
    site.ledger.send_events(EVENTS)
    site.drag()
    for kills in (1, 2, 3):
        consumer = site.start(**SLOWLY)
        begun(site, consumer, rows=kills * 1_000)
        consumer.kill()
        assert consumer.wait() == -signal.SIGKILL
    assert site.landed() < EVENTS
    figures = site.run_to_end()
    assert 0 < figures["landed"] < EVENTS
    site.verify()


def test_backend_terminated_again_and_again(site: LandingSite) -> None:
    site.ledger.send_events(EVENTS)
    site.drag()
    consumer = site.start(**SLOWLY)
    for cut in (1, 2, 3):
        begun(site, consumer, rows=cut * 500)
        assert site.scalar(TERMINATE) >= 1
    site.wait_until(lambda: everything_accounted(site), consumer)
    assert finish(consumer)["retries"] >= 3
    site.verify()


def test_commit_whose_answer_is_lost(site: LandingSite, proxy: TcpProxy, proxied: LakeSettings) -> None:
    site.ledger.send_events(EVENTS)
    site.drag()
    consumer = site.start(lake=proxied, **SLOWLY)
    for cut in (1, 2, 3):
        begun(site, consumer, rows=cut * 500)
        proxy.reset_after_answer(b"COMMIT")
        site.wait_until(lambda wanted=cut: proxy.resets == wanted, consumer)  # type: ignore[misc]
    site.wait_until(lambda: everything_accounted(site), consumer)
    figures = finish(consumer)
    assert figures["retries"] == 3
    assert 0 < EVENTS - figures["landed"] <= 3 * SLOWLY["batch_rows"], "each lost answer was to a commit that happened"
    site.verify()


def test_connection_reset_while_the_lake_cannot_be_reached(
    site: LandingSite, proxy: TcpProxy, proxied: LakeSettings
) -> None:
    site.ledger.send_events(EVENTS)
    site.drag()
    consumer = site.start(lake=proxied, **SLOWLY)
    begun(site, consumer)
    proxy.refuse()
    site.wait_until(lambda: proxy.resets >= 4, consumer)
    standing = site.landed()
    assert standing < EVENTS
    proxy.heal()
    site.wait_until(lambda: everything_accounted(site), consumer)
    assert finish(consumer)["retries"] >= 3
    site.verify()


def test_black_hole_is_left_within_the_deadline(site: LandingSite, proxy: TcpProxy, proxied: LakeSettings) -> None:
    site.ledger.send_events(EVENTS)
    site.drag()
    consumer = site.start(lake=proxied, landing_seconds=2, **SLOWLY)
    begun(site, consumer)
    proxy.swallow()
    site.wait_until(lambda: proxy.swallowed_bytes > 0, consumer)
    accepted = proxy.accepted
    site.wait_until(lambda: proxy.accepted > accepted, consumer, seconds=20)
    proxy.heal()
    site.wait_until(lambda: everything_accounted(site), consumer)
    assert finish(consumer)["retries"] >= 1
    site.verify()


def test_a_signal_is_obeyed_while_the_lake_is_gone(site: LandingSite, proxy: TcpProxy, proxied: LakeSettings) -> None:
    site.ledger.send_events(EVENTS)
    site.drag()
    consumer = site.start(lake=proxied, **SLOWLY)
    begun(site, consumer)
    proxy.refuse()
    site.wait_until(lambda: proxy.resets >= 3, consumer)
    assert finish(consumer)["landed"] < EVENTS
    site.run_to_end()
    site.verify()


def test_lake_restarted_at_once(kafka_settings: KafkaSettings, fresh_services: FreshServices) -> None:
    services = fresh_services("postgres")
    with LandingSite(kafka_settings, services.lake) as site:
        site.ledger.send_events(EVENTS)
        site.drag()
        consumer = site.start(**SLOWLY)
        begun(site, consumer)
        services.running["postgres"].kill()
        services.restart("postgres")
        site.wait_until(lambda: everything_accounted(site), consumer)
        assert finish(consumer)["retries"] >= 1
        site.verify()


def test_broker_killed_and_started_again(
    lake_settings: LakeSettings, fresh_services: FreshServices, unique: str
) -> None:
    services = fresh_services("kafka")
    with LandingSite(services.kafka.model_copy(update={"topic": unique}), lake_settings) as site:
        site.ledger.send_events(EVENTS)
        site.drag()
        consumer = site.start(**SLOWLY)
        begun(site, consumer)
        services.running["kafka"].kill()
        services.restart("kafka")
        site.ledger.send_events(100)
        site.wait_until(lambda: everything_accounted(site), consumer)
        finish(consumer)
        site.verify()


@pytest.mark.parametrize("departure", [signal.SIGTERM, signal.SIGKILL])
def test_three_consumers_share_come_and_go(site: LandingSite, departure: signal.Signals) -> None:
    site.ledger.send_events(EVENTS)
    site.drag()
    consumers = [site.start(**SLOWLY)]
    for number in (1, 2):
        begun(site, *consumers, rows=number * 500)
        consumers.append(site.start(**SLOWLY))
        site.ledger.send_events(EVENTS // 2)
    begun(site, *consumers, rows=EVENTS)
    leaver = consumers.pop(0)
    leaver.send_signal(departure)
    shares = [finish(leaver, with_signal=None)["landed"]] if departure == signal.SIGTERM else []
    leaver.wait()
    site.ledger.send_events(EVENTS // 2)
    site.wait_until(lambda: everything_accounted(site), *consumers, seconds=90)
    shares += [finish(consumer)["landed"] for consumer in consumers]
    leaver.communicate()
    assert min(shares) > 0, "somebody never got a partition"
    site.verify()


def test_until_end_with_two_consumers_ends_both(site: LandingSite) -> None:
    site.ledger.send_events(EVENTS)
    site.drag()
    consumers = [site.start("--until-end", **SLOWLY) for _ in range(2)]
    landed = [finish(consumer, with_signal=None)["landed"] for consumer in consumers]
    assert sum(landed) == EVENTS
    site.verify()


def test_a_zombie_of_another_group_lands_nothing_twice(site: LandingSite) -> None:
    """Two groups on one lake both own every partition: each fences the other, and together they land it once."""
    site.ledger.send_events(EVENTS)
    site.drag()
    consumers = [site.start(group=f"{site.kafka.topic}-{name}", **SLOWLY) for name in ("one", "two")]
    site.wait_until(lambda: everything_accounted(site), *consumers)
    figures = [finish(consumer) for consumer in consumers]
    assert sum(each["retries"] for each in figures) > 0, "nobody was fenced"
    assert sum(each["landed"] for each in figures) == EVENTS
    site.verify()


def test_a_paused_consumer_that_wakes_up_as_a_zombie(site: LandingSite) -> None:
    site.ledger.send_events(EVENTS)
    site.drag()
    zombie = site.start(landing_seconds=5, **SLOWLY)
    begun(site, zombie)
    zombie.send_signal(signal.SIGSTOP)
    before = site.landed()
    site.release()
    heir = site.start(landing_seconds=5, **SLOWLY)
    site.wait_until(lambda: everything_accounted(site), heir)
    assert before < EVENTS
    zombie.send_signal(signal.SIGCONT)
    site.ledger.send_events(500)
    site.wait_until(lambda: everything_accounted(site), zombie, heir)
    landed = [finish(consumer)["landed"] for consumer in (zombie, heir)]
    assert landed[1] > 0
    site.verify()


def test_topic_deleted_is_named(site: LandingSite) -> None:
    site.ledger.send_events(100)
    consumer = site.start()
    site.wait_until(lambda: site.landed() == 100, consumer)
    admin = connect_admin(site.kafka)
    admin.delete_topics([site.kafka.topic])[site.kafka.topic].result()
    errors = stop(consumer, expect=ExitCode.FATAL)
    assert f"topic {site.kafka.topic}" in errors


def test_partitions_added_while_running_are_read_from_their_beginning(site: LandingSite) -> None:
    site.ledger.send_events(100)
    consumer = site.start()
    site.wait_until(lambda: site.landed() == 100, consumer)
    more = site.kafka.partitions + 2
    admin = connect_admin(site.kafka)
    admin.create_partitions([NewPartitions(site.kafka.topic, more)])[site.kafka.topic].result()
    site.wait_until(lambda: len(partition_ranges(site.kafka)) == more)
    site.ledger = Ledger(site.kafka, site.ledger.sent)
    site.ledger.send(b'{"event_id": "new"}', partition=more - 1)
    site.wait_until(lambda: everything_accounted(site), consumer)
    finish(consumer)
    site.verify()
