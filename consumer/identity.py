"""Is the topic still the one whose offsets the lake holds? One that was deleted and made anew counts from 0 again."""

import time
from collections.abc import Callable
from concurrent.futures import Future

import structlog
from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient, TopicDescription

from contracts.broker import silent_admin
from contracts.errors import LostOffsetsError, TransientError
from contracts.settings import KafkaSettings

CHECK_SECONDS = 10.0
_NO_ID = "AAAAAAAAAAAAAAAAAAAAAA"
_NOT_SUPPORTED = {KafkaError.UNSUPPORTED_VERSION, KafkaError._UNSUPPORTED_FEATURE}  # noqa: SLF001 - librdkafka's names

_log = structlog.get_logger()


class Identity:
    """Asks the broker for the topic's id: once before reading, then now and then without waiting for the answer."""

    def __init__(self, kafka: KafkaSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._kafka = kafka
        self._clock = clock
        self._admin: AdminClient | None = None
        self._asked: Future[TopicDescription] | None = None
        self._asked_at = 0.0
        self._known: str | None = None
        self._warned = False

    def read(self) -> str | None:
        """Return the topic's id; None, and a line in the log once, where the broker gives none.

        Raises TransientError without an answer.
        """
        topic_id = self._read()
        if topic_id is None and not self._warned:
            _log.warning("topic_identity_unknown", topic=self._kafka.topic)
            self._warned = True
        return topic_id

    def expect(self, topic_id: str | None) -> None:
        """Take this as the id from now on."""
        self._known = topic_id

    def verify(self) -> None:
        """Raise LostOffsetsError when the topic has another id than the one expected; asks every ten seconds."""
        if self._known is None:
            return
        if self._asked is None:
            if self._clock() - self._asked_at > CHECK_SECONDS:
                self._asked = self._ask()
            return
        if not self._asked.done():
            return
        answer, self._asked = self._asked, None
        if answer.exception() is None:
            hold(self._kafka.topic, expected=self._known, found=_id_of(answer.result()))

    def _read(self) -> str | None:
        admin = self._connected()
        try:
            cluster = admin.list_topics(self._kafka.topic, timeout=self._kafka.timeout_seconds)
            # Only the controller is asked about topics; where no broker is it, librdkafka would wait for it in vain.
            return _id_of(self._ask().result()) if cluster.controller_id in cluster.brokers else None
        except KafkaException as error:
            if error.args[0].code() in _NOT_SUPPORTED:
                return None
            raise TransientError("Kafka did not describe the topic", where=f"topic {self._kafka.topic}") from error

    def _ask(self) -> "Future[TopicDescription]":
        self._asked_at = self._clock()
        answers = self._connected().describe_topics(
            TopicCollection([self._kafka.topic]), request_timeout=self._kafka.timeout_seconds
        )
        return answers[self._kafka.topic]

    def _connected(self) -> AdminClient:
        self._admin = self._admin or silent_admin(self._kafka)
        return self._admin


def hold(topic: str, *, expected: str, found: str | None) -> None:
    """Raise LostOffsetsError when the topic's id is another one."""
    if found is not None and found != expected:
        raise LostOffsetsError(
            "The topic was deleted and made anew: its offsets are not those that the lake holds",
            where=f"topic {topic}, id {found}, in the lake {expected}",
            remedy="Offsets must not be used twice: make the topic under another name and set TRIPLINE_KAFKA_TOPIC.",
        )


def _id_of(description: TopicDescription) -> str | None:
    topic_id = str(description.topic_id)
    return None if topic_id == _NO_ID else topic_id
