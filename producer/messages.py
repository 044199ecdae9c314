"""What goes onto the topic, before it is known how it gets there."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from contracts.event import EventType, TripEvent

encoder = msgspec.json.Encoder()


class Message(NamedTuple):
    """One Kafka message: the trip it is keyed by, its bytes, and when it is due in event time (milliseconds)."""

    key: str
    value: bytes
    due: int
    starts_trip: bool


def to_messages(events: Iterable[TripEvent]) -> Iterator[Message]:
    """Serialise events, each due when it happened."""
    for event in events:
        starts_trip = EventType.RESERVATION_START in event.event_types
        yield Message(event.trip_id, encoder.encode(event), event.timestamp, starts_trip)
