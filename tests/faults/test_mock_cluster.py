"""What brokers answer seldom and at the wrong moment, from librdkafka's mock cluster. The lake is a real one.

Each test proves that the error was asked for: the cluster counts the requests that it answers with errors.
"""

import time
from collections.abc import Callable, Iterator

import pytest
from confluent_kafka import KafkaError
from structlog.testing import capture_logs

from contracts.errors import ConfigurationError, FatalError, LostOffsetsError, TriplineError
from contracts.settings import LakeSettings
from tests.support.group_member import GroupMember
from tests.support.landing_site import PATIENCE_SECONDS, LandingSite
from tests.support.mock_cluster import MockCluster, Request

PARTITIONS = 4
BROKERS = 2
EVENTS = 40


@pytest.fixture(scope="module")
def cluster() -> Iterator[MockCluster]:
    with MockCluster(brokers=BROKERS) as made:
        yield made


@pytest.fixture
def site(cluster: MockCluster, lake_settings: LakeSettings, unique: str) -> Iterator[LandingSite]:
    cluster.create_topic(unique, PARTITIONS)
    cluster.track()
    with LandingSite(cluster.kafka(unique), lake_settings, topic_is_there=True) as made:
        yield made
    for request in Request:
        cluster.stop_failing(request)


def join(site: LandingSite, **settings: object) -> GroupMember:
    return GroupMember(site.kafka, site.lake, batch_rows=10, batch_seconds=0.05, **settings)


def land_more(site: LandingSite, *members: GroupMember) -> None:
    """Send events and wait until they have landed."""
    site.ledger.send_events(EVENTS)
    site.wait_until(lambda: site.is_accounted_for() or any(member.has_ended for member in members))
    assert not any(member.has_ended for member in members)


def land_until(condition: Callable[[], bool], site: LandingSite, *members: GroupMember) -> None:
    """Send events, and wait until they have landed, until something has happened."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        land_more(site, *members)


def test_without_a_controller_everything_lands_and_it_is_said_once(site: LandingSite) -> None:
    with capture_logs() as logs, join(site, group_protocol="consumer") as member:
        land_more(site, member)
        with join(site, group_protocol="consumer") as other:
            land_until(lambda: other.counts.landed > 0, site, member, other)
        land_more(site, member)
        member.leave()
    site.ledger.verify(site.lake)
    said = [log["event"] for log in logs]
    assert said.count("topic_identity_unknown") == 2, "one by each member"
    assert said.count("reading_from") > 2, "however often it begins to read"


def test_members_join_and_leave_while_messages_land(site: LandingSite) -> None:
    """With the consumer protocol; the classic one has its tests on a real broker."""
    with join(site, group_protocol="consumer") as first:
        land_more(site, first)
        for _ in range(2):
            with join(site, group_protocol="consumer") as second, join(site, group_protocol="consumer") as third:
                newcomers = (second, third)
                land_until(lambda both=newcomers: all(each.counts.landed for each in both), site, first, *newcomers)  # type: ignore[misc]
                second.leave()
                land_more(site, first, third)
        land_more(site, first)
        first.leave()
    site.ledger.verify(site.lake)


def test_errors_that_pass_cost_nothing(cluster: MockCluster, site: LandingSite) -> None:
    errors = {
        Request.HEARTBEAT: (KafkaError.UNKNOWN_MEMBER_ID, KafkaError.ILLEGAL_GENERATION),
        Request.FETCH: (
            KafkaError.NOT_LEADER_FOR_PARTITION,
            KafkaError.KAFKA_STORAGE_ERROR,
            # Of an offset that is there: a replica that lags says so.
            KafkaError.OFFSET_OUT_OF_RANGE,
        ),
        Request.OFFSET_COMMIT: (KafkaError.REBALANCE_IN_PROGRESS,),
    }
    with capture_logs() as logs, join(site) as member:
        land_more(site, member)
        cluster.track()
        for request, codes in errors.items():
            cluster.fail(request, *codes)
        land_until(lambda: all(cluster.requests(each) > len(errors[each]) for each in errors), site, member)
        land_more(site, member)
        member.leave()
    site.ledger.verify(site.lake)
    said = [log["event"] for log in logs]
    # And once more for each session that ends because this process was given no time for its heartbeat.
    assert said.count("partitions_lost") >= len(errors[Request.HEARTBEAT])
    assert "landing_failed" in said, "an offset was refused"


def test_errors_at_the_start_are_waited_out(cluster: MockCluster, site: LandingSite) -> None:
    cluster.fail(Request.FIND_COORDINATOR, KafkaError.COORDINATOR_NOT_AVAILABLE)
    cluster.fail(Request.JOIN_GROUP, KafkaError.COORDINATOR_LOAD_IN_PROGRESS)
    cluster.fail(Request.LIST_OFFSETS, KafkaError.REQUEST_TIMED_OUT)
    with join(site) as member:
        land_more(site, member)
        member.leave()
    assert cluster.requests(Request.FIND_COORDINATOR) > 1
    assert cluster.requests(Request.JOIN_GROUP) > 1
    assert cluster.requests(Request.LIST_OFFSETS) > PARTITIONS
    site.ledger.verify(site.lake)


def test_leaders_and_coordinators_that_move_or_go_down_cost_nothing(cluster: MockCluster, site: LandingSite) -> None:
    topic = site.kafka.topic
    with join(site) as member:
        land_more(site, member)
        for partition in range(PARTITIONS):
            cluster.lead(topic, partition, BROKERS)
        cluster.coordinate(topic, BROKERS)
        land_more(site, member)
        cluster.take_down(BROKERS)
        cluster.bring_up(BROKERS)
        land_more(site, member)
        member.leave()
    site.ledger.verify(site.lake)


@pytest.mark.parametrize(
    ("request_kind", "error", "expected"),
    [
        (Request.HEARTBEAT, KafkaError.FENCED_INSTANCE_ID, FatalError),
        (Request.JOIN_GROUP, KafkaError.GROUP_AUTHORIZATION_FAILED, ConfigurationError),
        (Request.FETCH, KafkaError.TOPIC_AUTHORIZATION_FAILED, ConfigurationError),
    ],
)
def test_a_refusal_that_stays_ends_the_consumer(
    cluster: MockCluster, site: LandingSite, request_kind: Request, error: int, expected: type[TriplineError]
) -> None:
    cluster.fail(request_kind, *[error] * 10)
    with join(site, instance_id="one") as member:
        assert type(member.error()) is expected


def test_what_retention_removes_under_a_consumer_ends_it_with_the_offsets(
    cluster: MockCluster, site: LandingSite
) -> None:
    with join(site) as member:
        land_more(site, member)
        member.leave()
    end = site.scalar("SELECT next_offset FROM raw.consumer_offset WHERE kafka_partition = 0")
    for _ in range(5):
        site.ledger.send(b'{"removed": true}', partition=0)
    cluster.delete_before(site.kafka.topic, 0, end + 3)
    with join(site) as member:
        lost = member.error()
    assert isinstance(lost, LostOffsetsError)
    assert f"offset {end}," in str(lost)
    assert f"[{end + 3}, {end + 5})" in str(lost)
    assert site.landed() == EVENTS
