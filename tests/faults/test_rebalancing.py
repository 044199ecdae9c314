"""Consumers come, go, fall silent and take over from each other. Each test proves its fault; the ledger judges."""

import signal
import subprocess
import sys
import time

from confluent_kafka import Consumer

from contracts.lake import connect
from tests.support.landing_site import PATIENCE_SECONDS, LandingSite, finish

EVENTS = 3_000
SLOWLY = {"batch_rows": 100}
# A consumer that may go without polling for no longer than its session, instead of five minutes.
HASTY = """
import consumer.topic
consumer.topic.POLL_INTERVAL_MILLISECONDS = 6_000
from consumer.__main__ import app
app()
"""


def test_three_consumers_share_and_leave_one_by_one(site: LandingSite) -> None:
    site.ledger.send_events(EVENTS)
    site.drag()
    consumers = [site.start(**SLOWLY) for _ in range(3)]
    site.wait_until(lambda: site.members() == [2, 2, 2], *consumers)
    for departure, shares in ((signal.SIGKILL, [3, 3]), (signal.SIGTERM, [6])):
        site.ledger.send_events(EVENTS // 2)
        leaver = consumers.pop(0)
        leaver.send_signal(departure)
        leaver.wait()
        site.wait_until(lambda left=shares: site.members() == left, *consumers)  # type: ignore[misc]
    (figures,) = site.settle(*consumers)
    assert figures["landed"] > 0


def test_members_that_come_and_go_all_the_time_do_not_stop_the_landing(site: LandingSite) -> None:
    site.ledger.send_events(100)
    consumer = site.start()
    site.wait_until(site.is_accounted_for, consumer)
    config = site.kafka.client_config() | {
        "group.id": site.kafka.topic,
        "partition.assignment.strategy": "cooperative-sticky",
        # It stays while nobody polls it.
        "session.timeout.ms": 60_000,
        # How soon it hears that partitions have been given up for it.
        "heartbeat.interval.ms": 500,
    }
    for _ in range(3):
        site.wait_until(site.is_accounted_for, consumer)
        landed = site.landed()
        guest = Consumer(config)
        guest.subscribe([site.kafka.topic])
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not guest.assignment():
            guest.poll(0.05)
            assert time.monotonic() < deadline
        site.ledger.send_events(300)
        site.wait_until(lambda before=landed: site.landed() > before, consumer)  # type: ignore[misc]
        assert not site.is_accounted_for(), "the guest took nothing away"
        guest.close()
    site.settle(consumer)


def test_a_revoke_while_the_lake_is_locked_ends_within_the_deadline(site: LandingSite) -> None:
    """The one who must give partitions up holds rows of them that it cannot land."""
    site.ledger.send_events(100)
    holder = site.start(landing_seconds=2, batch_seconds=1)
    site.wait_until(site.is_accounted_for, holder)
    with connect(site.lake, application="test") as other:
        # Reading passes, moving an offset waits.
        other.execute("LOCK TABLE raw.consumer_offset IN SHARE MODE")
        site.ledger.send_events(EVENTS)
        site.wait_until(lambda: site.sessions("wait_event_type = 'Lock'") > 0, holder)
        newcomer = site.start(landing_seconds=2)
        site.wait_until(lambda: site.members() == [3, 3], holder, newcomer)
        assert site.landed() == 100, "the rebalance was over while the lake was locked"
    site.settle(holder, newcomer)


def test_a_consumer_that_polls_too_late_is_expelled_and_comes_back(site: LandingSite) -> None:
    site.ledger.send_events(EVENTS)
    environment = site.environment(landing_seconds=20, batch_rows=100)
    consumer = subprocess.Popen(
        [sys.executable, "-c", HASTY, "run", "--json"],
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    site.watch(consumer)
    site.drag()
    site.begun(consumer)
    with connect(site.lake, application="test") as other:
        other.execute("LOCK TABLE raw.consumer_offset IN SHARE MODE")
        site.wait_until(lambda: site.members() == [], consumer)
    site.wait_until(lambda: site.members() == [6], consumer)
    site.settle(consumer)


def test_until_end_with_two_consumers_ends_both(site: LandingSite) -> None:
    site.ledger.send_events(EVENTS)
    site.drag()
    consumers = [site.start("--until-end", **SLOWLY) for _ in range(2)]
    site.wait_until(lambda: site.landed() > 0)
    site.release()
    landed = [finish(consumer, with_signal=None)["landed"] for consumer in consumers]
    assert sum(landed) == EVENTS
    site.verify()
