"""Is the topic still the one whose offsets the lake holds? One that was deleted and made anew counts from 0 again."""

import time
from collections.abc import Callable
from concurrent.futures import Future

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient, TopicDescription

from contracts.broker import silent_admin
from contracts.errors import LostOffsetsError, TransientError
from contracts.settings import KafkaSettings

CHECK_SECONDS = 10.0
_NO_ID = "AAAAAAAAAAAAAAAAAAAAAA"


class Identity:
    """Asks the broker for the topic's id: once before reading, then now and then without waiting for the answer."""

    def __init__(self, kafka: KafkaSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._kafka = kafka
        self._clock = clock
        self._admin: AdminClient | None = None
        self._asked: Future[TopicDescription] | None = None
        self._asked_at = 0.0
        self._known: str | None = None

    def read(self) -> str | None:
        """Return the topic's id; None where the broker gives none. Raises TransientError without an answer."""
        try:
            return _id_of(self._ask().result())
        except KafkaException as error:
            if error.args[0].code() in {KafkaError.UNSUPPORTED_VERSION, KafkaError._UNSUPPORTED_FEATURE}:  # noqa: SLF001
                return None
            raise TransientError("Kafka did not describe the topic", where=f"topic {self._kafka.topic}") from error

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

    def _ask(self) -> "Future[TopicDescription]":
        self._asked_at = self._clock()
        self._admin = self._admin or silent_admin(self._kafka)
        answers = self._admin.describe_topics(
            TopicCollection([self._kafka.topic]), request_timeout=self._kafka.timeout_seconds
        )
        return answers[self._kafka.topic]


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
