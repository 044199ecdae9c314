"""The trip event, version 1: MDS 2.0 passenger-services names and units in a small envelope.

The one source of the contract: the JSON Schema beside this module is generated from it (`make contract`).
Times are integer milliseconds since the epoch (UTC), distance integer metres, duration integer seconds, money
integer minor units of `currency`.

Patterns stand in the schema and are held by `contracts.check`, which remembers what it has matched: msgspec would match
each again in every event, which takes three times as long as decoding it.
"""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

SCHEMA_VERSION = "1.0"
SCHEMA_MAJOR = 1

# No leading zero, and nothing after it: to Python's `re`, `$` also matches before a trailing newline.
VERSION_PATTERN = r"^[1-9][0-9]{0,3}\.[0-9]{1,4}$(?!\n)"
DATE_PATTERN = "^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
CURRENCY_PATTERN = "^[A-Z]{3}$"
UUID_PATTERN = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
# 2000-01-01 and 2100-01-01: what lies outside is a broken clock, and would open partitions nobody asked for.
EARLIEST_MILLISECONDS = 946_684_800_000
LATEST_MILLISECONDS = 4_102_444_800_000


class EventType(StrEnum):
    """What happened to the trip: MDS passenger-services event types, and two corrections of Tripline's own."""

    RESERVATION_START = "reservation_start"
    RESERVATION_STOP = "reservation_stop"
    TRIP_START = "trip_start"
    TRIP_STOP = "trip_stop"
    TRIP_END = "trip_end"
    PASSENGER_CANCELLATION = "passenger_cancellation"
    DRIVER_CANCELLATION = "driver_cancellation"
    PROVIDER_CANCELLATION = "provider_cancellation"
    FARE_ADJUSTED = "fare_adjusted"
    TRIP_VOIDED = "trip_voided"


FARE_BEARING = frozenset({EventType.TRIP_END, EventType.FARE_ADJUSTED})
"""Event types that cannot be without a fare."""


class VehicleState(StrEnum):
    """The vehicle's state after the event (MDS passenger-services vehicle states)."""

    REMOVED = "removed"
    AVAILABLE = "available"
    NON_OPERATIONAL = "non_operational"
    RESERVED = "reserved"
    ON_TRIP = "on_trip"
    STOPPED = "stopped"
    NON_CONTACTABLE = "non_contactable"
    ELSEWHERE = "elsewhere"


class PaymentType(StrEnum):
    """How the trip was paid: MDS payment types, and three that real taxi data need."""

    ACCOUNT_NUMBER = "account_number"
    CASH = "cash"
    CREDIT_CARD = "credit_card"
    MOBILE_APP = "mobile_app"
    NO_PAYMENT = "no_payment"
    PARATRANSIT = "paratransit"
    PHONE = "phone"
    VOUCHER = "voucher"
    TEST = "test"
    DISPUTED = "disputed"
    PREPAID_CARD = "prepaid_card"
    UNKNOWN = "unknown"


def _text(description: str, pattern: str, max_length: int) -> Meta:
    return Meta(description=description, max_length=max_length, extra_json_schema={"pattern": pattern})


def _uuid(description: str) -> Meta:
    return _text(f"{description} UUID, lower case with hyphens.", UUID_PATTERN, 36)


def _milliseconds(description: str) -> Meta:
    return Meta(
        description=f"{description} Milliseconds since 1970-01-01T00:00:00Z.",
        ge=EARLIEST_MILLISECONDS,
        le=LATEST_MILLISECONDS,
    )


def _money(description: str) -> Meta:
    return Meta(
        description=f"{description} Integer minor units of `currency` (cents for USD).",
        ge=-1_000_000_000,
        le=1_000_000_000,
    )


class Location(Struct, frozen=True, gc=False):
    """Where the vehicle was, WGS 84 (MDS GPS)."""

    lat: Annotated[float, Meta(description="Latitude in decimal degrees, WGS 84.", ge=-90, le=90)]
    lng: Annotated[float, Meta(description="Longitude in decimal degrees, WGS 84.", ge=-180, le=180)]


class Fare(Struct, frozen=True, gc=False):
    """What the passenger was charged; `total` is the sum of the parts (MDS fare_attributes)."""

    currency: Annotated[str, _text("Currency of all amounts. ISO 4217 code.", CURRENCY_PATTERN, 3)]
    payment_type: Annotated[PaymentType, Meta(description="Means of payment. No unit.")]
    base_fare: Annotated[int, _money("Metered or agreed fare without tolls, extras and tip.")]
    tolls: Annotated[int, _money("Tolls.")]
    extras: Annotated[int, _money("Surcharges, taxes and fees.")]
    tip: Annotated[int, _money("Tip.")]
    total: Annotated[int, _money("Everything charged: base_fare + tolls + extras + tip.")]


class TripEvent(Struct, frozen=True, gc=False):
    """One state change of one trip (MDS passenger-services event), keyed in Kafka by `trip_id`."""

    schema_version: Annotated[str, _text("Version of this contract, `major.minor`. No unit.", VERSION_PATTERN, 9)]
    event_id: Annotated[str, _uuid("Identifies the event; a re-delivery carries the same.")]
    event_types: Annotated[
        list[EventType], Meta(description="What happened, at least one. No unit.", min_length=1, max_length=4)
    ]
    vehicle_state: Annotated[VehicleState, Meta(description="The vehicle's state after the event. No unit.")]
    timestamp: Annotated[int, _milliseconds("When it happened.")]
    publication_time: Annotated[int, _milliseconds("When the provider published it; the newest version wins.")]
    provider_id: Annotated[str, _uuid("The company that operates the vehicle.")]
    device_id: Annotated[str, _uuid("The device in the vehicle that reported.")]
    vehicle_id: Annotated[str, Meta(description="The vehicle's public number. No unit.", min_length=1, max_length=255)]
    trip_id: Annotated[str, _uuid("The trip that the event belongs to.")]
    service_date: Annotated[
        str,
        _text(
            "The city's local calendar day on which the trip was reserved, the same in every event of the trip (as "
            "GTFS's service day). ISO 8601 date.",
            DATE_PATTERN,
            10,
        ),
    ]
    provider_name: (
        Annotated[str, Meta(description="The company's name. No unit.", min_length=1, max_length=255)] | None
    ) = None
    location: Location | None = None
    pickup_area: (
        Annotated[
            int, Meta(description="Where the ride began. Number of the city's area (Chicago: 1-77).", ge=1, le=32767)
        ]
        | None
    ) = None
    dropoff_area: (
        Annotated[
            int, Meta(description="Where the ride ended. Number of the city's area (Chicago: 1-77).", ge=1, le=32767)
        ]
        | None
    ) = None
    distance: Annotated[int, Meta(description="Distance driven. Metres.", ge=0, le=10_000_000)] | None = None
    duration: Annotated[int, Meta(description="From trip_start to trip_stop. Seconds.", ge=0, le=2_592_000)] | None = (
        None
    )
    fare: Fare | None = None
