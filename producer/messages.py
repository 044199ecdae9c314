"""What goes onto the topic, before it is known how it gets there."""

from typing import NamedTuple, Protocol

import msgspec

from contracts.event import EventType, TripEvent

encoder = msgspec.json.Encoder()


class Sendable(Protocol):
    """Whatever can be put onto the topic: the trip it is keyed by, its bytes, and whether a trip starts with it."""

    @property
    def key(self) -> str:
        """The trip's id."""

    @property
    def value(self) -> bytes:
        """JSON, unless it is broken on purpose."""

    @property
    def starts_trip(self) -> bool:
        """Whether it is the first of its trip."""


class Message(NamedTuple):
    """One Kafka message."""

    key: str
    value: bytes
    starts_trip: bool


def to_message(event: TripEvent) -> Message:
    """Serialise an event."""
    return Message(event.trip_id, encoder.encode(event), EventType.RESERVATION_START in event.event_types)
