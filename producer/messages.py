"""What goes onto the topic, before it is known how it gets there."""

from typing import NamedTuple

import msgspec

from contracts.event import EventType, TripEvent

encoder = msgspec.json.Encoder()


class Message(NamedTuple):
    """One Kafka message: the trip it is keyed by, its bytes, and whether a trip starts with it."""

    key: str
    value: bytes
    starts_trip: bool


def to_message(event: TripEvent) -> Message:
    """Serialise an event."""
    return Message(event.trip_id, encoder.encode(event), EventType.RESERVATION_START in event.event_types)
