"""The MDS passenger-services state machine: which event may follow in which vehicle state."""

from contracts.event import EventType, VehicleState

_CANCELLATIONS = (
    EventType.PASSENGER_CANCELLATION,
    EventType.DRIVER_CANCELLATION,
    EventType.PROVIDER_CANCELLATION,
)

TRANSITIONS: dict[tuple[VehicleState, EventType], VehicleState] = {
    (VehicleState.AVAILABLE, EventType.RESERVATION_START): VehicleState.RESERVED,
    (VehicleState.RESERVED, EventType.RESERVATION_STOP): VehicleState.STOPPED,
    (VehicleState.STOPPED, EventType.TRIP_START): VehicleState.ON_TRIP,
    (VehicleState.ON_TRIP, EventType.TRIP_STOP): VehicleState.STOPPED,
    (VehicleState.STOPPED, EventType.TRIP_END): VehicleState.AVAILABLE,
    **{(VehicleState.RESERVED, event): VehicleState.AVAILABLE for event in _CANCELLATIONS},
    **{(VehicleState.STOPPED, event): VehicleState.AVAILABLE for event in _CANCELLATIONS},
}

STATE_AFTER: dict[EventType, VehicleState] = {
    **{event: after for (_, event), after in TRANSITIONS.items()},
    # A correction comes long after the trip and says nothing about the vehicle, which is free again.
    EventType.FARE_ADJUSTED: VehicleState.AVAILABLE,
    EventType.TRIP_VOIDED: VehicleState.AVAILABLE,
}
