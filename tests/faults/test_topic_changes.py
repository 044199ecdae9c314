"""The topic grows, goes, or comes back as another: what can be read is read, and nothing is jumped over in silence."""

from confluent_kafka.admin import NewPartitions

from contracts.broker import connect_admin, partition_ranges
from contracts.errors import ExitCode
from tests.support.landing_site import LandingSite, stop
from tests.support.ledger import Ledger


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
    site.settle(consumer)
