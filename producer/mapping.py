"""The mapping file: which column of a trips file means what, as TOML. Chicago's ships in `producer/mappings/`."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta, Struct

from contracts.errors import BadInputError
from contracts.event import PaymentType

SHIPPED = Path(__file__).with_name("mappings")
NAMED_FORMATS = frozenset({"epoch_seconds", "epoch_milliseconds", "epoch_seconds_local", "iso8601"})

Name = Annotated[str, Meta(min_length=1)]


class TimeColumn(Struct, frozen=True, forbid_unknown_fields=True):
    """A moment. `format` is one of NAMED_FORMATS or a `strptime` pattern.

    A time without an offset is the city's local time; `epoch_seconds_local` is local time counted as if it were UTC.
    """

    column: Name
    format: Name = "iso8601"


class DurationColumn(Struct, frozen=True, forbid_unknown_fields=True):
    """How long the ride took."""

    column: Name
    unit: Literal["seconds", "minutes"] = "seconds"


class DistanceColumn(Struct, frozen=True, forbid_unknown_fields=True):
    """How far the vehicle drove with the passenger."""

    column: Name
    unit: Literal["metres", "kilometres", "miles"]


class FareColumns(Struct, frozen=True, forbid_unknown_fields=True):
    """Columns in major units (dollars), added up into each part of the contract's fare; an empty cell is nothing."""

    base_fare: Annotated[list[Name], Meta(min_length=1)]
    tip: list[Name] = []
    tolls: list[Name] = []
    extras: list[Name] = []


class PaymentColumn(Struct, frozen=True, forbid_unknown_fields=True):
    """What each value means; `otherwise` is for values that are not listed, which are an error without it."""

    column: Name
    values: dict[str, PaymentType]
    otherwise: PaymentType | None = None


class NameColumn(Struct, frozen=True, forbid_unknown_fields=True):
    """A column that is taken as it stands."""

    column: Name


class PlaceColumns(Struct, frozen=True, forbid_unknown_fields=True):
    """Where: the number of the city's area, and decimal degrees."""

    area: Name | None = None
    latitude: Name | None = None
    longitude: Name | None = None


class Mapping(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole mapping file. Without `duration`, the ride lasts from `start` to `end`; without both it is unknown."""

    source: Name
    time_zone: Name
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    start: TimeColumn
    distance: DistanceColumn
    fare: FareColumns
    payment: PaymentColumn
    minor_digits: Annotated[int, Meta(ge=0, le=4)] = 2
    end: TimeColumn | None = None
    duration: DurationColumn | None = None
    provider: NameColumn | None = None
    vehicle: NameColumn | None = None
    trip: NameColumn | None = None
    pickup: PlaceColumns = PlaceColumns()
    dropoff: PlaceColumns = PlaceColumns()

    @property
    def zone(self) -> ZoneInfo:
        """The city's time zone."""
        return ZoneInfo(self.time_zone)

    def columns(self) -> list[str]:
        """Return every column that the file must have."""
        optional = (self.end, self.duration, self.provider, self.vehicle, self.trip)
        named = [self.start.column, self.distance.column, self.payment.column]
        named += [each.column for each in optional if each is not None]
        parts = [*self.fare.base_fare, *self.fare.tip, *self.fare.tolls, *self.fare.extras]
        places = [name for each in (self.pickup, self.dropoff) for name in (each.area, each.latitude, each.longitude)]
        return list(dict.fromkeys([*named, *parts, *(name for name in places if name is not None)]))


def load_mapping(name_or_path: str) -> Mapping:
    """Return the mapping shipped under that name (`chicago`), or read from that file.

    Raises BadInputError that names the file and the setting in it (`$.start.format`).
    """
    path = SHIPPED / f"{name_or_path}.toml"
    if name_or_path not in shipped_mappings():
        path = Path(name_or_path)
    try:
        mapping = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Mapping)
    except OSError as error:
        shipped = ", ".join(shipped_mappings())
        raise BadInputError(
            f"The mapping cannot be read: {error.strerror}", where=str(path), remedy=f"Shipped mappings: {shipped}."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInputError(f"The mapping is not TOML: {error}", where=str(path)) from error
    except msgspec.ValidationError as error:
        raise BadInputError(
            f"The mapping is wrong: {error}", where=str(path), remedy="producer/mappings/chicago.toml explains each."
        ) from error
    _verify(mapping, path)
    return mapping


def shipped_mappings() -> list[str]:
    """Return the names of the mappings that ship."""
    return sorted(each.stem for each in SHIPPED.glob("*.toml"))


def _verify(mapping: Mapping, path: Path) -> None:
    try:
        ZoneInfo(mapping.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadInputError(f"{mapping.time_zone!r} is not an IANA time zone", where=f"{path}: $.time_zone") from error
    for setting, column in (("start", mapping.start), ("end", mapping.end)):
        if column is not None and column.format not in NAMED_FORMATS and not _is_pattern(column.format):
            known = ", ".join(sorted(NAMED_FORMATS))
            raise BadInputError(
                f"{column.format!r} is not a time format",
                where=f"{path}: $.{setting}.format",
                remedy=f"Use one of {known}, or a strptime pattern such as %Y-%m-%d %H:%M:%S.",
            )
    for setting, place in (("pickup", mapping.pickup), ("dropoff", mapping.dropoff)):
        if (place.latitude is None) != (place.longitude is None):
            raise BadInputError("latitude and longitude belong together", where=f"{path}: $.{setting}")


def _is_pattern(text: str) -> bool:
    moment = datetime(2024, 2, 29, 13, 14, 15, tzinfo=UTC)
    try:
        return datetime.strptime(moment.strftime(text), text).year == moment.year  # noqa: DTZ007 - only its form counts
    except ValueError:
        return False
