"""librdkafka's mock cluster: brokers within this process that answer with the errors that a test asks for.

confluent-kafka's Python API can start one but not tell it what to do; the C functions of the library that it brings
along can (librdkafka's rdkafka_mock.h, which also says what each of them does).
"""

import ctypes
from ctypes import POINTER, byref, c_char_p, c_int, c_int16, c_int32, c_int64, c_size_t, c_void_p
from enum import IntEnum
from types import TracebackType
from typing import Any

from confluent_kafka import cimpl

from contracts.settings import KafkaSettings

_PRODUCER = 0
_SILENT = b"0"
_INTERVALS = {"group_initial_rebalance_delay_ms": 0, "set_group_consumer_heartbeat_interval_ms": 200}
# A library's functions are found through the extension module that is linked to it, wherever the wheel has put it.
_library = ctypes.CDLL(cimpl.__file__)


class Request(IntEnum):
    """Kinds of requests, by Kafka's number."""

    FETCH = 1
    LIST_OFFSETS = 2
    OFFSET_COMMIT = 8
    FIND_COORDINATOR = 10
    JOIN_GROUP = 11
    HEARTBEAT = 12
    SYNC_GROUP = 14


class MockCluster:
    """`with MockCluster(brokers=2) as cluster:`; brokers are numbered from 1, and none of them is the controller."""

    def __init__(self, *, brokers: int) -> None:
        self._client = _function("rd_kafka_new", c_void_p, c_int, c_void_p, c_char_p, c_size_t)(
            _PRODUCER, _silent_configuration(), None, 0
        )
        assert self._client
        self._cluster = _function("rd_kafka_mock_cluster_new", c_void_p, c_void_p, c_int)(self._client, brokers)
        for name, milliseconds in _INTERVALS.items():
            _function(f"rd_kafka_mock_{name}", None, c_void_p, c_int32)(self._cluster, milliseconds)

    def __enter__(self) -> "MockCluster":
        """Lend the cluster."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End its brokers."""
        _function("rd_kafka_mock_cluster_destroy", None, c_void_p)(self._cluster)
        _function("rd_kafka_destroy", None, c_void_p)(self._client)

    def kafka(self, topic: str) -> KafkaSettings:
        """Return the way to a topic of the cluster."""
        addresses = _function("rd_kafka_mock_cluster_bootstraps", c_char_p, c_void_p)(self._cluster)
        return KafkaSettings(bootstrap_servers=addresses.decode(), topic=topic)

    def create_topic(self, topic: str, partitions: int) -> None:
        """Create a topic with one replica."""
        self._call("topic_create", (c_char_p, topic.encode()), (c_int, partitions), (c_int, 1))

    def fail(self, request: Request, *errors: int) -> None:
        """Answer the next requests of a kind with these codes (`KafkaError.…`), one after the other."""
        codes = (c_int * len(errors))(*errors)
        push = _function("rd_kafka_mock_push_request_errors_array", None, c_void_p, c_int16, c_size_t, POINTER(c_int))
        push(self._cluster, request, len(errors), codes)

    def stop_failing(self, request: Request) -> None:
        """Forget errors of a kind that nobody has been given yet."""
        _function("rd_kafka_mock_clear_request_errors", None, c_void_p, c_int16)(self._cluster, request)

    def requests(self, request: Request) -> int:
        """Return how many requests of a kind have come since `track`."""
        count = c_size_t()
        read = _function("rd_kafka_mock_get_requests", POINTER(c_void_p), c_void_p, POINTER(c_size_t))
        kind = _function("rd_kafka_mock_request_api_key", c_int16, c_void_p)
        tracked = read(self._cluster, byref(count))
        found = [kind(tracked[number]) for number in range(count.value)].count(request)
        _function("rd_kafka_mock_request_destroy_array", None, POINTER(c_void_p), c_size_t)(tracked, count)
        return found

    def track(self) -> None:
        """Count requests from now on."""
        _function("rd_kafka_mock_start_request_tracking", None, c_void_p)(self._cluster)
        _function("rd_kafka_mock_clear_requests", None, c_void_p)(self._cluster)

    def delete_before(self, topic: str, partition: int, offset: int) -> None:
        """Delete what stands before an offset, as retention does."""
        self._call("partition_delete_records", (c_char_p, topic.encode()), (c_int32, partition), (c_int64, offset))

    def lead(self, topic: str, partition: int, broker: int) -> None:
        """Make a broker the leader of a partition."""
        self._call("partition_set_leader", (c_char_p, topic.encode()), (c_int32, partition), (c_int32, broker))

    def coordinate(self, group: str, broker: int) -> None:
        """Make a broker the coordinator of a group."""
        self._call("coordinator_set", (c_char_p, b"group"), (c_char_p, group.encode()), (c_int32, broker))

    def take_down(self, broker: int) -> None:
        """End a broker's connections and refuse new ones."""
        self._call("broker_set_down", (c_int32, broker))

    def bring_up(self, broker: int) -> None:
        """Let a broker accept connections again."""
        self._call("broker_set_up", (c_int32, broker))

    def _call(self, name: str, *arguments: tuple[type, object]) -> None:
        function = _function(f"rd_kafka_mock_{name}", c_int, c_void_p, *(kind for kind, _ in arguments))
        error = function(self._cluster, *(value for _, value in arguments))
        assert error == 0, f"{name}: error {error}"


def _silent_configuration() -> Any:
    configuration = _function("rd_kafka_conf_new", c_void_p)()
    change = _function("rd_kafka_conf_set", c_int, c_void_p, c_char_p, c_char_p, c_char_p, c_size_t)
    change(configuration, b"log_level", _SILENT, None, 0)
    return configuration


def _function(name: str, result: type | None, *arguments: type) -> Any:
    function = getattr(_library, name)
    function.restype, function.argtypes = result, arguments
    return function
