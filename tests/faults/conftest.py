"""What the fault tests share: a landing site, and fault proxies before the lake and before a broker of their own."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.settings import KafkaSettings, LakeSettings
from stack.state import StackFolder
from tests.support.landing_site import LandingSite
from tests.support.proxied_broker import ProxiedBroker, proxied_broker
from tests.support.tcp_proxy import TcpProxy


@pytest.fixture
def site(kafka_settings: KafkaSettings, lake_settings: LakeSettings) -> Iterator[LandingSite]:
    """A topic on the session's broker, and a lake."""
    with LandingSite(kafka_settings, lake_settings) as made:
        yield made


@pytest.fixture
def proxy(lake_settings: LakeSettings) -> Iterator[TcpProxy]:
    """A fault proxy before the lake."""
    with TcpProxy(lake_settings.host, lake_settings.port) as made:
        yield made


@pytest.fixture
def proxied(lake_settings: LakeSettings, proxy: TcpProxy) -> LakeSettings:
    """The way to the lake through the fault proxy."""
    return lake_settings.model_copy(update={"host": "127.0.0.1", "port": proxy.port, "sslmode": "disable"})


@pytest.fixture(scope="session")
def own_broker() -> Iterator[ProxiedBroker]:
    """A broker that tests may kill and cut off, one after the other."""
    folder = StackFolder(Path(tempfile.mkdtemp(prefix="tripline-test-")))
    try:
        with proxied_broker(folder.path) as made:
            yield made
    finally:
        folder.wipe()


@pytest.fixture
def broker(own_broker: ProxiedBroker, unique: str) -> Iterator[ProxiedBroker]:
    """A broker with a topic name of this test; it runs, and its link is sound, when the next test begins."""
    yield own_broker.with_topic(unique)
    own_broker.proxy.heal()
    if own_broker.stack.running["kafka"].has_died():
        own_broker.restart()


@pytest.fixture
def broker_site(broker: ProxiedBroker, lake_settings: LakeSettings) -> Iterator[LandingSite]:
    """A topic on a broker that may be killed and cut off, and a lake."""
    with LandingSite(broker.direct, lake_settings) as made:
        yield made
