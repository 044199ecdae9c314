"""Messages that are handed to Kafka together, and what became of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from confluent_kafka import KafkaError, Message

from producer.messages import Sendable


@dataclass(slots=True)
class Parcel:
    """Some messages under one number. `settled` is called once, when all of them are answered."""

    number: int
    messages: Sequence[Sendable]
    handed_over: float
    """When, in seconds of the monotonic clock."""
    settled: Callable[["Parcel"], None]
    answered: int = 0
    failed: int = 0
    failure: str = ""

    @property
    def acknowledged(self) -> int:
        """How many the broker has confirmed so far."""
        return self.answered - self.failed

    def answer(self, error: KafkaError | None, _message: Message) -> None:
        """Take one delivery report of librdkafka. Called for every message: nothing here may cost time."""
        self.answered += 1
        if error is not None:
            self.failed += 1
            self.failure = self.failure or error.str()
        if self.answered == len(self.messages):
            self.settled(self)
