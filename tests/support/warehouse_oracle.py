"""What the warehouse must hold, told from the landed events by plain Python: shares no code with the SQL."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

import msgspec

from contracts.check import Violation, check
from contracts.event import Fare, TripEvent
from tests.support import gold_oracle

Row = dict[str, Any]
CANCELLATIONS = {
    "passenger_cancellation": "cancelled_by_passenger",
    "driver_cancellation": "cancelled_by_driver",
    "provider_cancellation": "cancelled_by_provider",
}


class Message(NamedTuple):
    """One row of the lake."""

    partition: int
    offset: int
    payload: str


EventKey = tuple[str, str, str]
TripKey = tuple[str, date]


class Books(NamedTuple):
    """What must stand in BigQuery, and the counts that close the books."""

    events: dict[EventKey, TripEvent]
    facts: dict[TripKey, Row]
    rejected: dict[tuple[int, int], tuple[str, str]]
    duplicates: int
    vehicles: list[Row]

    @property
    def revenue_minor_units(self) -> int:
        """Sum of what completed trips were charged."""
        return sum(row["revenue_minor_units"] for row in self.facts.values())


def judge(messages: Iterable[Message]) -> Books:
    """Return what these messages come to, in whatever windows they were loaded."""
    rejected: dict[tuple[int, int], tuple[str, str]] = {}
    versions: dict[EventKey, list[tuple[tuple[int, int, int], TripEvent]]] = defaultdict(list)
    for message in messages:
        found = check(message.payload)
        if isinstance(found, Violation):
            rejected[message.partition, message.offset] = (str(found.reason), found.field)
        else:
            key = (found.event_id, found.trip_id, found.service_date)
            versions[key].append(((found.publication_time, message.partition, message.offset), found))
    newest = {key: max(each, key=lambda version: version[0]) for key, each in versions.items()}
    trips: dict[TripKey, list[tuple[tuple[int, int, int], TripEvent]]] = defaultdict(list)
    for version in newest.values():
        trips[version[1].trip_id, date.fromisoformat(version[1].service_date)].append(version)
    facts = {
        trip: gold_oracle.add_keys(_fact([event for _, event in sorted(told, key=lambda version: version[0])]))
        for trip, told in trips.items()
    }
    vehicles = gold_oracle.versions(facts.values())
    for fact in facts.values():
        fact["vehicle_key"] = gold_oracle.vehicle_key(fact, vehicles)
    return Books(
        events={key: event for key, (_, event) in newest.items()},
        facts=facts,
        rejected=rejected,
        duplicates=sum(len(each) - 1 for each in versions.values()),
        vehicles=vehicles,
    )


def _fact(events: list[TripEvent]) -> Row:
    """Return what gold.fact_trip says of a trip by its events, which come oldest first."""
    at: dict[str, datetime] = {}
    for event in events:
        at |= {str(kind): _moment(event.timestamp) for kind in event.event_types}
    last = events[-1]
    fares = [event.fare for event in events if {"trip_end", "fare_adjusted"} & set(event.event_types)]
    fare = fares[-1] if fares else None
    outcome = next((CANCELLATIONS[kind] for kind in CANCELLATIONS if kind in at), "open")
    outcome = "voided" if "trip_voided" in at else "completed" if "trip_end" in at else outcome
    completed = outcome == "completed"
    metres, seconds = _newest(events, "distance"), _newest(events, "duration")
    pickup, dropoff = _zone(_newest(events, "pickup_area")), _zone(_newest(events, "dropoff_area"))
    corrections = sum(bool({"fare_adjusted", "trip_voided"} & set(event.event_types)) for event in events)
    provider = _newest(events, "provider_name")
    service_date = date.fromisoformat(last.service_date)
    revenue = fare.total if fare is not None and completed else 0
    return {
        "trip_id": last.trip_id,
        "service_date": service_date,
        "date_key": int(f"{service_date:%Y%m%d}"),
        "pickup_zone_key": pickup,
        "dropoff_zone_key": dropoff,
        "outcome": outcome,
        "is_completed": completed,
        "provider_id": last.provider_id,
        "provider_name": provider or "Unknown",
        "vehicle_id": last.vehicle_id,
        "payment_type": str(fare.payment_type) if fare else "unknown",
        "reserved_at": at.get("reservation_start"),
        "on_scene_at": at.get("reservation_stop"),
        "started_at": at.get("trip_start"),
        "stopped_at": at.get("trip_stop"),
        "ended_at": at.get("trip_end"),
        "cancelled_at": next((at[kind] for kind in CANCELLATIONS if kind in at), None),
        "distance_metres": metres,
        "distance_miles": _miles(metres),
        "duration_seconds": seconds,
        "currency": fare.currency if fare else "XXX",
        **_amounts(fare),
        "revenue": _major(revenue, fare),
        "revenue_minor_units": revenue,
        "version": 1 + corrections,
        "is_restated": corrections > 0,
        "is_late": any(event.publication_time - event.timestamp > 60_000 for event in events),
        "has_zero_distance": completed and metres == 0,
        "has_missing_distance": completed and metres is None,
        "has_zero_duration": completed and seconds == 0,
        "has_missing_duration": completed and seconds is None,
        "has_nonpositive_fare": completed and fare is not None and fare.base_fare <= 0,
        "has_missing_provider": provider is None,
        "has_missing_pickup_area": pickup == 0,
        "has_missing_dropoff_area": completed and dropoff == 0,
    }


def _amounts(fare: Fare | None) -> Row:
    names = ("base_fare", "tolls", "extras", "tip", "total")
    amounts = msgspec.structs.asdict(fare) if fare else dict.fromkeys(names)
    return {name: _major(amounts[name], fare) for name in names}


def _major(amount: int | None, fare: Fare | None) -> Decimal | None:
    units = {"JPY": 1, "KWD": 1000}.get(fare.currency if fare else "", 100)
    return None if amount is None else Decimal(amount) / units


def _miles(metres: int | None) -> Decimal | None:
    if metres is None:
        return None
    return (Decimal(metres) / Decimal("1609.344")).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _newest(events: list[TripEvent], field: str) -> Any:
    told = [getattr(event, field) for event in events if getattr(event, field) is not None]
    return told[-1] if told else None


def _zone(area: int | None) -> int:
    return area if area is not None and 1 <= area <= 77 else 0


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
