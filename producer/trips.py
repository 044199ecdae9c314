"""One row of a trips file becomes one typed trip, exactly: money through Decimal, local time by one rule."""

import unicodedata
from collections.abc import Mapping as Row
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from msgspec import Struct

from contracts.event import Fare, Location, PaymentType
from producer.ids import stable_id
from producer.mapping import DistanceColumn, Mapping, PlaceColumns, TimeColumn

METRES = {"metres": Decimal(1), "kilometres": Decimal(1000), "miles": Decimal("1609.344")}
SECONDS = {"seconds": 1, "minutes": 60}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_TEXT = {"Cc", "Cs"}


class CellError(Exception):
    """A cell that cannot be understood: its column and what is wrong with it."""

    def __init__(self, column: str, problem: str) -> None:
        super().__init__(f"column {column}: {problem}")
        self.column = column
        self.problem = problem


class Trip(Struct, frozen=True):
    """A completed trip. `key` names it for good: all ids are derived from it. Units are the contract's."""

    source: str
    key: str
    trip_id: str
    start: int
    service_date: str
    duration: int | None
    distance: int | None
    fare: Fare
    provider_name: str | None
    vehicle_id: str | None
    pickup: Location | None
    pickup_area: int | None
    dropoff: Location | None
    dropoff_area: int | None


def to_trip(row: Row[str, Any], mapping: Mapping, zone: ZoneInfo, *, key: str) -> Trip:
    """Return the trip of a row, whose values are text (CSV) or what Parquet holds.

    Raises CellError with the column that is wrong.
    """
    start = _moment(row, mapping.start, zone)
    if mapping.trip is not None:
        key = f"{mapping.source}/{_required(row, mapping.trip.column)}"
    return Trip(
        source=mapping.source,
        key=key,
        trip_id=stable_id("trip", key),
        start=to_milliseconds(start),
        service_date=start.astimezone(zone).date().isoformat(),
        duration=_duration(row, mapping, zone, start),
        distance=_distance(row, mapping.distance),
        fare=_fare(row, mapping),
        provider_name=_text(row, mapping.provider.column) or None if mapping.provider else None,
        vehicle_id=_text(row, mapping.vehicle.column) or None if mapping.vehicle else None,
        pickup=_location(row, mapping.pickup),
        pickup_area=_area(row, mapping.pickup),
        dropoff=_location(row, mapping.dropoff),
        dropoff_area=_area(row, mapping.dropoff),
    )


def from_local(wall_clock: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment of a naive local time, in UTC.

    One rule for the two odd hours of the year, RFC 5545's: a time that happens twice is the first of the two, and a
    time that is skipped is read with the offset before the gap (02:30 becomes 03:30).
    """
    return wall_clock.replace(tzinfo=zone, fold=0).astimezone(UTC)


def to_milliseconds(moment: datetime) -> int:
    """Return milliseconds since the epoch."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


def _moment(row: Row[str, Any], time: TimeColumn, zone: ZoneInfo) -> datetime:
    value = row[time.column]
    if not isinstance(value, datetime):
        value = _parsed_time(_required(row, time.column), time, zone)
    return from_local(value, zone) if value.tzinfo is None else value.astimezone(UTC)


def _parsed_time(text: str, time: TimeColumn, zone: ZoneInfo) -> datetime:
    try:
        match time.format:
            case "epoch_seconds":
                return EPOCH + timedelta(seconds=int(Decimal(text)))
            case "epoch_milliseconds":
                return EPOCH + timedelta(milliseconds=int(Decimal(text)))
            case "epoch_seconds_local":
                return (EPOCH + timedelta(seconds=int(Decimal(text)))).replace(tzinfo=None)
            case "iso8601":
                return datetime.fromisoformat(text)
            case pattern:
                return datetime.strptime(text, pattern)  # noqa: DTZ007 - local time, placed in its zone by the caller
    except (ValueError, OverflowError, InvalidOperation):
        _refuse(time.column, text, f"a time of format {time.format}")


def _duration(row: Row[str, Any], mapping: Mapping, zone: ZoneInfo, start: datetime) -> int | None:
    if mapping.duration is not None:
        amount = _number(row, mapping.duration.column)
        return None if amount is None else round(amount * SECONDS[mapping.duration.unit])
    if mapping.end is None or not _text(row, mapping.end.column):
        return None
    seconds = (_moment(row, mapping.end, zone) - start) // timedelta(seconds=1)
    if seconds < 0:
        raise CellError(mapping.end.column, "the trip ends before it starts")
    return seconds


def _distance(row: Row[str, Any], distance: DistanceColumn) -> int | None:
    amount = _number(row, distance.column)
    return None if amount is None else round(amount * METRES[distance.unit])


def _fare(row: Row[str, Any], mapping: Mapping) -> Fare:
    def part(columns: list[str]) -> int:
        return sum(_minor_units(row, column, mapping.minor_digits) for column in columns)

    base_fare, tolls = part(mapping.fare.base_fare), part(mapping.fare.tolls)
    extras, tip = part(mapping.fare.extras), part(mapping.fare.tip)
    return Fare(
        currency=mapping.currency,
        payment_type=_payment_type(row, mapping),
        base_fare=base_fare,
        tolls=tolls,
        extras=extras,
        tip=tip,
        total=base_fare + tolls + extras + tip,
    )


def _minor_units(row: Row[str, Any], column: str, digits: int) -> int:
    amount = _number(row, column)
    if amount is None:
        return 0
    minor = amount.scaleb(digits)
    if minor != minor.to_integral_value():
        _refuse(column, _text(row, column), f"an amount with at most {digits} decimals")
    return int(minor)


def _payment_type(row: Row[str, Any], mapping: Mapping) -> PaymentType:
    value = _text(row, mapping.payment.column)
    found = mapping.payment.values.get(value, mapping.payment.otherwise)
    if found is None:
        _refuse(mapping.payment.column, value, "a payment type that the mapping lists")
    return found


def _location(row: Row[str, Any], place: PlaceColumns) -> Location | None:
    if place.latitude is None or place.longitude is None:
        return None
    lat, lng = _number(row, place.latitude), _number(row, place.longitude)
    return None if lat is None or lng is None else Location(lat=float(lat), lng=float(lng))


def _area(row: Row[str, Any], place: PlaceColumns) -> int | None:
    if place.area is None:
        return None
    number = _number(row, place.area)
    if number is None:
        return None
    if number != number.to_integral_value():
        _refuse(place.area, _text(row, place.area), "the whole number of an area")
    return int(number)


def _number(row: Row[str, Any], column: str) -> Decimal | None:
    text = _text(row, column)
    if not text:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        _refuse(column, text, "a number")
    # The bound keeps arithmetic on hostile exponents ("1e999999") cheap; no unit of the contract comes near it.
    if not number.is_finite() or number.adjusted() > 15:
        _refuse(column, text, "a number")
    return number


def _required(row: Row[str, Any], column: str) -> str:
    return _text(row, column) or _refuse(column, "", "a value: the contract needs it")


def _text(row: Row[str, Any], column: str) -> str:
    value = row[column]
    text = "" if value is None else str(value).strip()
    if not text.isprintable() and any(unicodedata.category(each) in _NOT_TEXT for each in text):
        _refuse(column, text, "UTF-8 text without control characters")
    return text


def _refuse(column: str, text: str, wanted: str) -> NoReturn:
    shown = ascii(text if len(text) <= 40 else f"{text[:40]}…")
    raise CellError(column, f"{shown} is not {wanted}" if text else f"empty, where there must be {wanted}")
