"""A completed trip as the five events that its vehicle would have reported. Pure: the same trip, the same bytes.

A street hail has no reservation of its own: MDS knows no way from `available` to `on_trip`, so reservation_start,
reservation_stop and trip_start happen at one time and place.
"""

from contracts.event import SCHEMA_VERSION, EventType, TripEvent
from producer.ids import shared_id, stable_id
from producer.states import STATE_AFTER
from producer.trips import Trip

UNKNOWN_VEHICLE = "unknown"

LIFECYCLE = (
    EventType.RESERVATION_START,
    EventType.RESERVATION_STOP,
    EventType.TRIP_START,
    EventType.TRIP_STOP,
    EventType.TRIP_END,
)


def events_of(trip: Trip) -> list[TripEvent]:
    """Return the trip's events in order."""
    return [event_of(trip, kind) for kind in LIFECYCLE]


def event_of(trip: Trip, kind: EventType) -> TripEvent:
    """Return one event of the trip. Publication time is event time: a replay knows no wall clock.

    A ride of unknown duration stops when it starts.
    """
    arrived, ended = kind in {EventType.TRIP_STOP, EventType.TRIP_END}, kind is EventType.TRIP_END
    timestamp = trip.start + (trip.duration or 0) * 1000 if arrived else trip.start
    provider, vehicle = trip.provider_name or "", trip.vehicle_id or UNKNOWN_VEHICLE
    return TripEvent(
        schema_version=SCHEMA_VERSION,
        event_id=stable_id("event", trip.key, kind),
        event_types=[kind],
        vehicle_state=STATE_AFTER[kind],
        timestamp=timestamp,
        publication_time=timestamp,
        provider_id=shared_id("provider", trip.source, provider),
        device_id=shared_id("device", trip.source, f"{provider}/{vehicle}"),
        vehicle_id=vehicle,
        trip_id=trip.trip_id,
        service_date=trip.service_date,
        provider_name=trip.provider_name,
        location=trip.dropoff if arrived else trip.pickup,
        pickup_area=trip.pickup_area,
        dropoff_area=trip.dropoff_area if arrived else None,
        distance=trip.distance if ended else None,
        duration=trip.duration if ended else None,
        fare=trip.fare if ended else None,
    )
