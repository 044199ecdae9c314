"""A completed trip as the five events that its vehicle would have reported. Pure: the same trip, the same bytes.

A street hail has no reservation of its own: MDS knows no way from `available` to `on_trip`, so reservation_start,
reservation_stop and trip_start happen at one time and place.
"""

import heapq
from collections.abc import Iterable, Iterator
from functools import lru_cache
from uuid import UUID, uuid5

from contracts.event import SCHEMA_VERSION, EventType, Fare, Location, TripEvent, VehicleState
from producer.trips import Trip

NAMESPACE = UUID("5f0e2f0c-6f43-5d1b-9d0b-0c1a3b1c7d52")
"""Root of all ids; another one would make every replay a new set of events."""

UNKNOWN_VEHICLE = "unknown"

STATE_AFTER = {
    EventType.RESERVATION_START: VehicleState.RESERVED,
    EventType.RESERVATION_STOP: VehicleState.STOPPED,
    EventType.TRIP_START: VehicleState.ON_TRIP,
    EventType.TRIP_STOP: VehicleState.STOPPED,
    EventType.TRIP_END: VehicleState.AVAILABLE,
    EventType.PASSENGER_CANCELLATION: VehicleState.AVAILABLE,
    EventType.DRIVER_CANCELLATION: VehicleState.AVAILABLE,
    EventType.PROVIDER_CANCELLATION: VehicleState.AVAILABLE,
    EventType.FARE_ADJUSTED: VehicleState.AVAILABLE,
    EventType.TRIP_VOIDED: VehicleState.AVAILABLE,
}
"""MDS passenger-services vehicle state after each event; a correction finds the vehicle free again."""


def stable_id(*parts: str) -> str:
    """Return the UUID (version 5) of a name such as `("trip", "chicago-taxi-trips/data.csv/17")`."""
    return str(uuid5(NAMESPACE, "/".join(parts)))


@lru_cache(maxsize=65_536)
def fleet_id(kind: str, source: str, name: str) -> str:
    """Return the id of a provider or device, which many trips share."""
    return stable_id(kind, source, name)


def events_of(trip: Trip) -> list[TripEvent]:
    """Return the trip's events in order. Publication time is event time: a replay knows no wall clock.

    A ride of unknown duration stops when it starts.
    """
    stop = trip.start + (trip.duration or 0) * 1000
    return [
        _event(trip, EventType.RESERVATION_START, trip.start),
        _event(trip, EventType.RESERVATION_STOP, trip.start),
        _event(trip, EventType.TRIP_START, trip.start),
        _event(trip, EventType.TRIP_STOP, stop),
        _event(trip, EventType.TRIP_END, stop),
    ]


def in_event_order(trips: Iterable[list[TripEvent]]) -> Iterator[TripEvent]:
    """Merge the trips' events by time; equal times stay in the order of trips, then of their events.

    Each list is ordered by time, and so are the lists by their first event. Holds only the trips under way.
    """
    waiting: list[tuple[int, int, TripEvent]] = []
    sequence = 0
    for events in trips:
        while waiting and waiting[0][0] < events[0].timestamp:
            yield heapq.heappop(waiting)[2]
        for event in events:
            heapq.heappush(waiting, (event.timestamp, sequence, event))
            sequence += 1
    while waiting:
        yield heapq.heappop(waiting)[2]


def _event(trip: Trip, kind: EventType, timestamp: int) -> TripEvent:
    arrived = kind in {EventType.TRIP_STOP, EventType.TRIP_END}
    ended = kind is EventType.TRIP_END
    provider, vehicle = trip.provider_name or "", trip.vehicle_id or UNKNOWN_VEHICLE
    location: Location | None = trip.dropoff if arrived else trip.pickup
    fare: Fare | None = trip.fare if ended else None
    return TripEvent(
        schema_version=SCHEMA_VERSION,
        event_id=stable_id("event", trip.key, kind),
        event_types=[kind],
        vehicle_state=STATE_AFTER[kind],
        timestamp=timestamp,
        publication_time=timestamp,
        provider_id=fleet_id("provider", trip.source, provider),
        device_id=fleet_id("device", trip.source, f"{provider}/{vehicle}"),
        vehicle_id=vehicle,
        trip_id=stable_id("trip", trip.key),
        service_date=trip.service_date,
        provider_name=trip.provider_name,
        location=location,
        pickup_area=trip.pickup_area,
        dropoff_area=trip.dropoff_area if arrived else None,
        distance=trip.distance if ended else None,
        duration=trip.duration if ended else None,
        fare=fare,
    )
