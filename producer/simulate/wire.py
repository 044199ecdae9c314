"""Events of a simulated trip as JSON, assembled from prepared pieces: a few times as fast as encoding an object.

A test holds that every byte is what the contract's own encoder writes.
"""

from typing import ClassVar

import msgspec
from msgspec import Struct

from contracts.event import SCHEMA_VERSION, EventType, Fare, Location, TripEvent
from producer.messages import encoder
from producer.simulate.fleet import Vehicle
from producer.states import STATE_AFTER

decoder = msgspec.json.Decoder(TripEvent)
_START = f'{{"schema_version":"{SCHEMA_VERSION}","event_id":"'


class Facts(Struct):
    """What an event says after the provider's name, in the contract's order and units."""

    location: Location
    pickup_area: int
    dropoff_area: int | None = None
    distance: int | None = None
    duration: int | None = None
    fare: Fare | None = None


class Stop(Struct, frozen=True, gc=False):
    """One event of a ride, without what differs from trip to trip: `after` is in milliseconds since the request.

    `middle` and `end` are its JSON between event id and timestamp, and after the provider's name.
    """

    kind: EventType
    after: int
    middle: str
    end: str


def stop(kind: EventType, seconds: float, facts: Facts) -> Stop:
    """Prepare the event that happens so many seconds after the request."""
    middle = f'","event_types":["{kind}"],"vehicle_state":"{STATE_AFTER[kind]}","timestamp":'
    return Stop(kind, round(seconds * 1000), middle, encoder.encode(facts).decode().removeprefix("{"))


def trip_text(vehicle: Vehicle, trip_id: str, service_date: str) -> str:
    """Return the JSON that every event of a trip has about vehicle and trip."""
    return (
        f'"provider_id":"{vehicle.provider_id}","device_id":"{vehicle.device_id}",'
        f'"vehicle_id":"{vehicle.vehicle_id}","trip_id":"{trip_id}","service_date":"{service_date}",'
        f'"provider_name":{vehicle.provider_name_text},'
    )


class Step(Struct, frozen=True, gc=False):
    """One event of a trip as it should be, and the message that it becomes, rendered when it is asked for.

    It is `due` when it is published. Times are milliseconds since the epoch, `text` is of `trip_text`.
    """

    stop: Stop
    event_id: str
    timestamp: int
    due: int
    key: str
    text: str
    dirt: ClassVar[tuple[()]] = ()
    reason: ClassVar[None] = None

    @property
    def value(self) -> bytes:
        """The event as JSON."""
        stop = self.stop
        return (
            f'{_START}{self.event_id}{stop.middle}{self.timestamp},"publication_time":{self.due},{self.text}{stop.end}'
        ).encode()

    @property
    def starts_trip(self) -> bool:
        """Whether it is the first of its trip."""
        return self.stop.after == 0

    @property
    def event(self) -> TripEvent:
        """The event in `value`."""
        return decoder.decode(self.value)
