"""What gold must hold beside fact_trip, told by plain Python from fact_trip's rows and the events.

Shares no code with the SQL.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from hashlib import sha256
from itertools import groupby, pairwise
from typing import Any
from zoneinfo import ZoneInfo

from contracts.event import TripEvent

Row = dict[str, Any]
CITY = ZoneInfo("America/Chicago")
UNKNOWN_VEHICLE = {
    "vehicle_key": 0,
    "vehicle_id": "unknown",
    "version": 0,
    "provider_id": "unknown",
    "provider_key": 0,
    "valid_from": datetime(1970, 1, 1, tzinfo=UTC),
    "valid_to": None,
    "is_current": True,
}
# In the order of their keys.
PAYMENTS = ["unknown", "cash", "credit_card", "mobile_app", "no_payment", "account_number"]
PAYMENTS += ["paratransit", "phone", "voucher", "test", "disputed", "prepaid_card"]
OUTCOMES = ["unknown", "completed", "cancelled_by_passenger", "cancelled_by_driver", "cancelled_by_provider"]
OUTCOMES += ["voided", "open"]
RIDE = ("reserved_at", "on_scene_at", "started_at", "stopped_at", "ended_at")
MILESTONES = (*RIDE, "cancelled_at")
INTERVALS = ("response_seconds", "wait_seconds", "ride_seconds", "kerb_seconds")


def key_of(text: str) -> int:
    """Return the key of a provider or of a version of a vehicle."""
    return int(sha256(text.encode()).hexdigest()[:13], 16)


def add_keys(fact: Row) -> Row:
    """Return a row of fact_trip with what follows from the row alone."""
    reserved = fact["reserved_at"]
    gaps = [
        None if fact[first] is None or fact[then] is None else fact[then] - fact[first]
        for first, then in pairwise(RIDE)
    ]
    metres, seconds = fact["distance_metres"], fact["duration_seconds"]
    too_fast = bool(metres and seconds) and Decimal(metres) / Decimal(seconds) > Decimal("44.704")
    return {
        **fact,
        "hour_key": 24 if reserved is None else reserved.astimezone(CITY).hour,
        "provider_key": key_of(fact["provider_id"]),
        "payment_key": PAYMENTS.index(fact["payment_type"]),
        "outcome_key": OUTCOMES.index(fact["outcome"]),
        **{
            name: None if gap is None or gap < timedelta(0) else gap // timedelta(seconds=1)
            for name, gap in zip(INTERVALS, gaps, strict=True)
        },
        "has_implausible_speed": fact["is_completed"] and too_fast,
        "has_disordered_times": any(gap is not None and gap < timedelta(0) for gap in gaps),
    }


def seen_at(fact: Row) -> datetime:
    """Return when a trip saw its vehicle: its first milestone, held within its service date."""
    first: datetime = datetime.combine(fact["service_date"], time(), CITY).astimezone(UTC)
    next_day = datetime.combine(fact["service_date"] + timedelta(days=1), time(), CITY).astimezone(UTC)
    told = next((fact[name] for name in MILESTONES if fact[name] is not None), first)
    return min(max(told, first), next_day - timedelta(microseconds=1))


def versions(facts: Iterable[Row]) -> list[Row]:
    """Return the rows of dim_vehicle, from all trips at once."""
    companies: dict[str, dict[datetime, str]] = defaultdict(dict)
    for fact in facts:
        if fact["vehicle_id"] != "unknown":
            claims, at = companies[fact["vehicle_id"]], seen_at(fact)
            claims[at] = min(claims.get(at, fact["provider_id"]), fact["provider_id"])
    rows = [UNKNOWN_VEHICLE]
    for vehicle_id, claims in companies.items():
        spans = [
            (provider, next(run)[0]) for provider, run in groupby(sorted(claims.items()), key=lambda claim: claim[1])
        ]
        ends: list[datetime | None] = [*(start for _, start in spans[1:]), None]
        times: dict[str, int] = defaultdict(int)
        for number, ((provider, start), end) in enumerate(zip(spans, ends, strict=True), start=1):
            times[provider] += 1
            rows.append(
                {
                    "vehicle_key": key_of(f"{vehicle_id}/{provider}/{times[provider]}"),
                    "vehicle_id": vehicle_id,
                    "version": number,
                    "provider_id": provider,
                    "provider_key": key_of(provider),
                    "valid_from": start,
                    "valid_to": end,
                    "is_current": end is None,
                }
            )
    return sorted(rows, key=lambda row: row["vehicle_key"])


def vehicle_key(fact: Row, vehicles: Iterable[Row]) -> int:
    """Return the version of its vehicle that a trip belongs to."""
    at = seen_at(fact)
    for row in vehicles:
        if (row["vehicle_id"], row["provider_id"]) == (fact["vehicle_id"], fact["provider_id"]) and (
            row["valid_from"] <= at and (row["valid_to"] is None or at < row["valid_to"])
        ):
            return int(row["vehicle_key"])
    return 0


def providers(facts: Iterable[Row]) -> list[Row]:
    """Return the rows of dim_provider: the name that the newest day gives, by the last trip of that day."""
    named: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for fact in facts:
        names = named[fact["provider_id"]]
        if not fact["has_missing_provider"]:
            # Of two names at one instant the first by the alphabet.
            inverted = [-ord(letter) for letter in fact["provider_name"]]
            names.append((fact["service_date"], seen_at(fact), inverted, fact["provider_name"]))
    rows = [{"provider_key": 0, "provider_id": "unknown", "provider_name": "Unknown"}]
    for provider_id, names in named.items():
        name = max(names)[-1] if names else "Unknown"
        rows.append({"provider_key": key_of(provider_id), "provider_id": provider_id, "provider_name": name})
    return sorted(rows, key=lambda row: row["provider_key"])


def hours(facts: Iterable[Row]) -> list[Row]:
    """Return the rows of agg_zone_hour."""
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for fact in facts:
        groups[fact["service_date"], fact["hour_key"], fact["pickup_zone_key"]].append(fact)
    return [
        {
            "service_date": day,
            "date_key": trips[0]["date_key"],
            "hour_key": hour,
            "zone_key": zone,
            "trips": len(trips),
            "completed": sum(trip["is_completed"] for trip in trips),
            "cancelled": sum(trip["outcome"].startswith("cancelled_") for trip in trips),
            "revenue": sum(trip["revenue"] for trip in trips),
            "revenue_minor_units": sum(trip["revenue_minor_units"] for trip in trips),
        }
        for (day, hour, zone), trips in sorted(groups.items(), key=lambda group: group[0])
    ]


def fact_event(event: TripEvent, fact: Row) -> Row:
    """Return the row of fact_trip_event of an event, without `arrived_at`, which only the broker knows."""
    occurred = datetime.fromtimestamp(event.timestamp / 1000, UTC)
    area = event.dropoff_area if {"trip_stop", "trip_end"} & set(event.event_types) else event.pickup_area
    return {
        "event_id": event.event_id,
        "service_date": fact["service_date"],
        "trip_id": event.trip_id,
        "date_key": fact["date_key"],
        "hour_key": occurred.astimezone(CITY).hour,
        "zone_key": area if area is not None and area <= 77 else 0,
        "provider_key": fact["provider_key"],
        "vehicle_key": fact["vehicle_key"],
        "event_type": "+".join(event.event_types),
        "occurred_at": occurred,
        "published_at": datetime.fromtimestamp(event.publication_time / 1000, UTC),
        "is_late": event.publication_time - event.timestamp > 60_000,
    }
